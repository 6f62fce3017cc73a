"""Asking for money back out of a wallet: it leaves the balance at once, so that it cannot be spent meanwhile."""

import unicodedata
from collections.abc import Sequence
from datetime import datetime
from typing import Literal
from uuid import UUID

from mingsuan import clock, money
from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import Sealed
from transactional.accounts.schemas import CustomerSubject
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InsufficientBalanceError, InvalidInputError
from transactional.idempotency import CommandKey, once
from transactional.ledger import service as ledger
from transactional.ledger.gateway_rules import withdrawal_requested
from transactional.payments import queries
from transactional.shop import Shop
from transactional.wallets import queries as wallets
from transactional.wallets.errors import NameDiffersError, WithdrawalTooLargeError
from transactional.wallets.models import Withdrawal, WithdrawalPart
from transactional.wallets.rules import SMALLEST_WITHDRAWAL_FEN, Way, ways_of, withdrawable_fen
from transactional.wallets.schemas import BankAccount, Named
from transactional.wallets.service import profile_of

PLACE = "withdrawal"
DIGITS = range(8, 31)
Confirmation = Literal["password", "code"]


async def request(
    session: WriteSession,
    shop: Shop,
    customer: CustomerSubject,
    amount_fen: int,
    bank: BankAccount | None,
    own_name: str | None,
    confirmed_by: Confirmation,
    key: str,
) -> UUID:
    """A withdrawal that waits for staff; the same key again names the same. `own_name` is the one that was verified.

    Raises InvalidInputError, WithdrawalTooLargeError, NameDiffersError, InsufficientBalanceError,
    IdempotencyKeyReusedError.
    """
    account = personal.index(shop.vault, "bank_account", f"{bank.holder}\0{bank.bank}\0{bank.account}") if bank else b""
    command = CommandKey(f"customer:{customer.id}", key, f"POST /wallet/withdraw {amount_fen} {account.hex()}")

    async def work() -> Named:
        at = clock.now()
        balance = await wallets.lock_wallet(session, customer.id)
        if amount_fen > balance:
            raise InsufficientBalanceError(balance_fen=balance, needed_fen=amount_fen)
        ways = await _ways(session, shop, customer.id, amount_fen, own_name, at)
        if any(way.payment_id is None for way in ways):
            bank_checked = _checked(bank, own_name)
            sealed = await _sealed(session, shop, customer.id, bank_checked)
        else:
            sealed = None
        return Named(id=await _held(session, shop, customer.id, amount_fen, ways, sealed, confirmed_by, at))

    return (await once(session, command, Named, work)).id


async def planned(session: ReadSession, shop: Shop, customer_id: int, amount_fen: int, at: datetime) -> tuple[Way, ...]:
    """How an amount would go out now, for showing it first."""
    return ways_of(amount_fen, (await wallets.room(session, customer_id, list(shop.gateways), at)).sources)


async def bank_account(session: ReadSession, shop: Shop, row: Withdrawal) -> BankAccount | None:
    """Where a withdrawal's bank part goes. Raises ErasedError when its customer's key is gone."""
    if row.data_key_id is None or row.sealed_bank_account is None:
        return None
    sealed = Sealed(row.data_key_id, row.sealed_bank_account)
    return BankAccount(**await personal.unseal(session, shop.vault, row.customer_id, PLACE, sealed))


async def _ways(
    session: WriteSession, shop: Shop, customer_id: int, amount_fen: int, own_name: str | None, at: datetime
) -> tuple[Way, ...]:
    allowed = profile_of(shop)
    found = await wallets.room(session, customer_id, list(shop.gateways), at)
    largest = withdrawable_fen(allowed, found, own_name is not None)
    if amount_fen < SMALLEST_WITHDRAWAL_FEN:
        smallest = (("smallest", money.text(SMALLEST_WITHDRAWAL_FEN, shop.currency)),)
        raise InvalidInputError([FieldProblem("body.amount", "Must be at least {smallest}.", smallest)])
    if amount_fen > largest:
        raise WithdrawalTooLargeError(largest=money.text(largest, shop.currency))
    return ways_of(amount_fen, found.sources)


def _checked(bank: BankAccount | None, own_name: str | None) -> BankAccount:
    given = bank or BankAccount("", "", "")
    problems = [
        *([] if _plain(given.bank) else [FieldProblem("body.bank", "Is required.")]),
        *([] if _is_account(given.account) else [FieldProblem("body.account", "This is not an account number.")]),
        *([] if _plain(given.holder) else [FieldProblem("body.holder", "Is required.")]),
    ]
    if problems:
        raise InvalidInputError(problems)
    if own_name is None or _plain(given.holder) != _plain(own_name):
        raise NameDiffersError
    return BankAccount(_plain(own_name), _plain(given.bank), "".join(_plain(given.account).split()))


def _is_account(typed: str) -> bool:
    digits = "".join(_plain(typed).split())
    return digits.isascii() and digits.isdigit() and len(digits) in DIGITS


def _plain(typed: str) -> str:
    """One spelling: full-width signs as narrow ones, one space at most, the middle dot of long names as one sign."""
    return " ".join(unicodedata.normalize("NFKC", typed).replace("•", "·").replace("・", "·").split())


async def _sealed(session: WriteSession, shop: Shop, customer_id: int, bank: BankAccount) -> Sealed:
    values = {"holder": bank.holder, "bank": bank.bank, "account": bank.account}
    return await personal.seal(session, shop.vault, customer_id, PLACE, values)


async def _held(
    session: WriteSession,
    shop: Shop,
    customer_id: int,
    amount_fen: int,
    ways: Sequence[Way],
    sealed: Sealed | None,
    confirmed_by: Confirmation,
    at: datetime,
) -> UUID:
    row = Withdrawal(
        customer_id=customer_id,
        state="requested",
        amount_fen=amount_fen,
        confirmed_by=confirmed_by,
        data_key_id=sealed.data_key_id if sealed else None,
        sealed_bank_account=sealed.content if sealed else None,
        requested_at=at,
    )
    session.add(row)
    await session.flush()
    session.add_all(
        WithdrawalPart(withdrawal_id=row.id, payment_id=way.payment_id, state="held", amount_fen=way.amount_fen)
        for way in ways
    )
    await session.execute(queries.DEBIT_WALLET, {"customer_id": customer_id, "amount_fen": amount_fen})
    await ledger.post(session, [withdrawal_requested(row.id, customer_id, amount_fen, at)], shop.zone)
    await session.refresh(row, ["public_id"])
    return row.public_id
