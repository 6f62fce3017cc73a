"""JSON API of the ledger, for staff: the trial balance, and whether the books are whole."""

from fastapi import APIRouter

from transactional.accounts.rules import may
from transactional.edge import AsStaff, Reading
from transactional.errors import NotAllowedError, NotLoggedInError
from transactional.ledger import service
from transactional.ledger.schemas import Books
from transactional.problems import responses

router = APIRouter()


@router.get("/staff/ledger", tags=["staff"], responses=responses(NotLoggedInError, NotAllowedError))
async def show_books(member: AsStaff, session: Reading) -> Books:
    """Balances of all accounts, debit positive, and the findings of the ledger's check."""
    if not may(member.role, "see_ledger"):
        raise NotAllowedError
    return Books(accounts=await service.trial_balance(session), findings=await service.check(session))
