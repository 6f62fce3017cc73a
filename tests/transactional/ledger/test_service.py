"""Writing postings, and what the ledger's check finds."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mingsuan.settings import Settings
from transactional.accounts import service as accounts
from transactional.accounts.models import Wallet
from transactional.db import WriteSession
from transactional.ledger import service
from transactional.ledger.rules import codes_bought, wallet_credited

pytestmark = pytest.mark.anyio

SHANGHAI = ZoneInfo("Asia/Shanghai")
LATE = datetime(2026, 1, 1, 16, 30, tzinfo=UTC)


async def test_a_posting_is_dated_by_the_shops_calendar(session: WriteSession) -> None:
    assert await service.post(session, [codes_bought(1, 100, LATE), codes_bought(2, 0, LATE)], SHANGHAI) == 1
    rows = await session.execute(text("select reference, ledger_date, effective_at from shop.ledger_transaction"))
    assert [tuple(row) for row in rows] == [("batch:1", date(2026, 1, 2), LATE)]
    assert await service.post(session, [], SHANGHAI) == 0


async def test_many_postings_arrive_in_one_statement(session: WriteSession) -> None:
    assert await service.post(session, [codes_bought(n, n, LATE) for n in range(1, 1501)], SHANGHAI) == 1500
    [inventory, payable] = await service.trial_balance(session)
    assert (inventory.balance_fen, payable.balance_fen) == (1500 * 1501 // 2, -1500 * 1501 // 2)


async def test_the_same_reference_cannot_be_posted_twice(session: WriteSession) -> None:
    await service.post(session, [codes_bought(1, 100, LATE)], SHANGHAI)
    with pytest.raises(IntegrityError, match="ledger_transaction_reference_key"):
        await service.post(session, [codes_bought(1, 100, LATE)], SHANGHAI)


async def test_the_check_finds_a_wallet_that_the_ledger_does_not_know(
    session: WriteSession, settings: Settings
) -> None:
    li, wang = [await accounts.register(session, f"{n}@example.com", "long enough", n) for n in ("li", "wang")]
    await accounts.credit_wallet(session, li, 100, "bank", "a", settings.zone)
    assert (await service.check(session)).is_whole
    (await session.get_one(Wallet, wang.id)).balance_fen = 1
    await session.flush()
    findings = await service.check(session)
    assert (findings.total_fen, findings.unbalanced_transactions, findings.wallets_that_differ) == (0, 0, 1)
    await service.post(session, [wallet_credited("b", wang.id, 1, "bank", LATE)], SHANGHAI)
    assert (await service.check(session)).is_whole
