"""Pages of the desk: the ledger: balances, statements, months, exports."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
