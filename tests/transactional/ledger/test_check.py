"""The whole check: nothing on a shop that keeps its books, a sentence for everything that is wrong."""

import asyncio
from pathlib import Path

import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.history import simulate
from tests.other_databases import wait_for_other_databases
from tests.transactional.ledger.selling import Selling
from tests.transactional.small_shop import PRICE_FEN, codes
from transactional.cards.batch_costs import correct_cost
from transactional.db import engine, reading, writing
from transactional.ledger import check, control_accounts, seals
from transactional.ledger.heads_file import heads_file

pytestmark = pytest.mark.anyio


async def test_a_simulated_history_keeps_every_control_account(fresh_database: DatabaseUrls, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, timezone="Asia/Shanghai", currency="CNY")
    await asyncio.to_thread(simulate, fresh_database.app, settings, seed=7, days=30, customers=60)
    source = engine(fresh_database.app)
    try:
        wait_for_other_databases(fresh_database)
        await seals.seal(source, heads_file(settings))
        assert [finding.sentence() for finding in await check.examine(source, heads_file(settings))] == []
        async with reading(source) as session:
            compared = await control_accounts.compare(session)
        assert compared["card_inventory"][1] > 0
        assert compared["customer_wallet"][1] < 0
        assert compared["gateway_receivable"][1] > 0
    finally:
        await source.dispose()


async def test_a_shop_that_sells_has_no_findings(selling: Selling) -> None:
    await selling.sell("li", 2)
    await selling.seal()
    assert await selling.found() == []


@pytest.mark.parametrize(("before", "after"), [(None, 4000), (4000, 0), (4000, 4100)])
async def test_a_cost_that_is_learnt_or_corrected_later_is_no_finding(
    selling: Selling, before: int | None, after: int
) -> None:
    batch = await selling.stocked.stock(codes(2), cost_fen=before)
    buyer = await selling.stocked.customer("li", PRICE_FEN)
    await selling.stocked.shop.intake.buy(buyer.id, selling.stocked.sku.id, 1, "key", None)
    async with writing(selling.stocked.shop.engine) as session:
        await correct_cost(session, batch.id, after, "invoice", None, selling.stocked.shop.zone)
    assert await selling.found() == []


@pytest.mark.parametrize(
    ("damage", "finding"),
    [
        (
            "update shop.wallet set balance_fen = 7",
            "holds 7 fen, but its statement comes to 0 fen",
        ),
        (
            "update shop.card set state = 'available', cost_fen = 4000 where state = 'delivered'",
            "Account card_inventory stands at 0 fen in the ledger, but by the shop's own records it should be 4000",
        ),
        (
            "update shop.fulfilment set delivered_at = null, state = 'waiting'",
            "Account unearned_sales stands at 0 fen in the ledger, but by the shop's own records it should be -5000",
        ),
        (
            "update shop.payment set method = 'wechat', fee_fen = 30",
            "Account gateway_receivable stands at 0 fen in the ledger, but by the shop's own records it should be 4970",
        ),
        (
            "insert into shop.refund (fulfilment_id, method, state, amount_fen, earned)"
            " select id, 'wallet', 'pending', 100, true from shop.fulfilment",
            "Account refund_payable stands at 0 fen in the ledger, but by the shop's own records it should be -100",
        ),
        (
            "insert into shop.unapplied_receipt (method, state, reason, found_by, out_trade_no, gateway_trade_no,"
            " amount_fen, received_at) values ('bank', 'open', '', 'bill', 'a', 'b', 100, now())",
            "Account unapplied_receipts stands at 0 fen in the ledger, but by the shop's own records it should be -100",
        ),
        (
            "insert into shop.membership_period (fulfilment_id, customer_id, starts_at, days, net_fen, released_fen)"
            " select f.id, 1, now(), 30, 5000, 700 from shop.fulfilment as f; update shop.product"
            " set kind = 'membership'",
            "unearned_membership stands at 0 fen in the ledger, but by the shop's own records it should be -4300",
        ),
        ("delete from shop.payment", "payment:{payment} was posted for something that is not there."),
        (
            "insert into shop.card_batch (sku_id, card_count, total_cost_fen, file_name, file_sha256)"
            " select sku_id, 1, 4000, 'x', 'x' from shop.card_batch",
            "batch:2 should have been posted and was not.",
        ),
        (
            "update shop.document_line set amount_fen = 4999 where component = 'gross_sales'",
            "its entries on sales come to 5000 fen, its document lines to 4999 fen.",
        ),
        ("update shop.ledger_entry set amount_fen = 1 where account = 'cogs'", "is out of balance by -3999 fen"),
        (
            "update shop.ledger_entry set amount_fen = 1 where account = 'cogs'",
            "All entries together come to -3999 fen",
        ),
        (
            "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)"
            " values ('empty', 'x', now(), current_date)",
            "Ledger transaction empty has no entries.",
        ),
        ("delete from shop.ledger_transaction where event = 'order_paid'", "is gone, but 2 of its entries are there."),
        (
            "update shop.ledger_entry set account = 'refund_payable' where account = 'supplier_payable';"
            " update shop.ledger_entry set amount_fen = -amount_fen",
            "Account refund_payable stands at 4000 fen, on the wrong side.",
        ),
        (
            "insert into shop.month_close (month, closed_at)"
            " values (date_trunc('month', now()), now() - interval '1 h')",
            "but was written after that month was closed.",
        ),
        (
            "insert into shop.month_close (month) values ('2020-01-01'), ('2020-03-01')",
            "2020-02 is not closed, but a month after it is.",
        ),
    ],
)
async def test_what_is_wrong_is_told_in_a_sentence(selling: Selling, damage: str, finding: str) -> None:
    await selling.sell("li")
    [[payment]] = await selling.stocked.rows("select id from shop.payment")
    selling.as_superuser(damage)
    found = await selling.found()
    assert [sentence for sentence in found if finding.format(payment=payment) in sentence], found


async def test_many_findings_of_a_kind_are_counted(selling: Selling) -> None:
    await selling.sell("li", 25)
    selling.as_superuser("delete from shop.document_line where component = 'cogs'")
    assert "lines: 5 more of the same kind." in await selling.found()
