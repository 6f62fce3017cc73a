"""Couriers' statements: read whole or refused, each charge on its parcel's goods, once, strangers' parcels too."""

from datetime import UTC, date, datetime, timedelta

import pytest

from mingsuan import clock
from tests.transactional.logistics.conftest import ADDRESS, Depot
from tests.transactional.statements.files import Rows, as_csv
from transactional.db import reading, writing
from transactional.errors import RefusedFileError
from transactional.ledger import check
from transactional.logistics import charge_file, courier_costs
from transactional.logistics.errors import ChargesOfOtherCourierError, UnknownCourierError
from transactional.logistics.service import ship_to
from transactional.statement_intake import NewFile, TakenIn

pytestmark = pytest.mark.anyio
HEADING = ("寄件时间", "运单号码", "费用类型", "流水号", "应付金额")
TODAY = date(2026, 9, 30)
POSTED = """
select c.tracking_no, c.order_item_id, c.posted_fen, l.amount_fen as booked, t.effective_at
from shop.courier_charge as c left join shop.ledger_transaction as t on t.reference = 'courier:' || c.id
left join shop.document_line as l on l.transaction_id = t.id and l.component = 'delivery_costs'
    and l.order_item_id is not distinct from c.order_item_id
order by c.id
"""


async def take(depot: Depot, rows: Rows, sender: str = "顺丰") -> TakenIn:
    async with writing(depot.shop.engine) as session:
        new = NewFile(sender, "a.csv", as_csv(rows, "gb18030"), "desk")
        return await courier_costs.take_in(session, new, depot.shop.zone, "CNY", depot.clerk.id)


async def findings(depot: Depot) -> list[str]:
    """About postings in themselves and about courier's charges; the depot's customers have a past that none posted."""
    async with reading(depot.shop.engine) as session:
        found = [one for each in check.CHECKS for one in await each.findings(session)]
    return [one.sentence() for one in found if one.check != "references" or "courier:" in one.sentence()]


async def sent_two_kinds(depot: Depot, number: str) -> tuple[int, int]:
    """A parcel with two boxes and one cap; the order items of both."""
    skus = [await depot.sku(code, "physical", 5000) for code in ("BOX", "CAP")]
    await depot.units("BOX", 2, 3000)
    await depot.units("CAP", 1, 1000)
    customer = await depot.customer("li")
    placed = await depot.order(customer, (skus[0], 2), (skus[1], 1))
    await depot.pay(placed)
    async with writing(depot.shop.engine) as session:
        await ship_to(session, depot.shop.vault, placed.order_id, customer.id, ADDRESS)
    await depot.send(placed, number)
    items = await depot.rows(
        "select id from shop.order_item where order_id = :order order by line_no", order=placed.order_id
    )
    return items[0][0], items[1][0]


async def test_a_charge_is_shared_over_its_parcels_goods_and_follows_what_the_courier_says_later(depot: Depot) -> None:
    box, cap = await sent_two_kinds(depot, "SF1234567")
    day = clock.business_date(clock.now(), depot.shop.zone) - timedelta(days=1)
    line = (f"{day} 13:05:00", "SF 1234567", "运费", "", "10.00")
    taken = await take(depot, [HEADING, line])
    at = clock.start_of(day, depot.shop.zone)
    assert await depot.rows(POSTED) == [("SF1234567", box, 667, 667, at), ("SF1234567", cap, 333, 333, at)]
    assert (taken.posted_fen, taken.remarks) == (1000, ())
    again = await take(depot, [HEADING, line])
    assert (again.id, again.is_new) == (taken.id, False)
    same = await take(depot, [HEADING, line, (str(day), "SF1234567", "保价费", "", "2.00")])
    assert (same.posted_fen, same.restated_count) == (200, 0), "the freight was charged already"
    dearer = await take(depot, [HEADING, (*line[:4], "13.00")])
    assert (dearer.posted_fen, dearer.restated_count) == (300, 1)
    by_item = "select order_item_id, sum(amount_fen)::bigint from shop.document_line where component ="
    booked = await depot.rows(f"{by_item} 'delivery_costs' group by 1 order by 1")
    assert booked == [(box, 667 + 133 + 200), (cap, 333 + 67 + 100)]
    assert await findings(depot) == []


async def test_a_parcel_that_is_not_the_shops_costs_money_all_the_same_and_is_named(depot: Depot) -> None:
    line = ("2026-09-01", "SF7654321", "", "", "8.00")
    taken = await take(depot, [HEADING, line])
    assert [str(remark) for remark in taken.remarks] == [
        "row 2, column tracking_no: No parcel of the shop has the number SF7654321;"
        " the charge is posted to no order item."
    ]
    assert await depot.rows(POSTED) == [("SF7654321", None, 800, 800, datetime(2026, 8, 31, 16, tzinfo=UTC))]
    assert (await depot.balances())["delivery_costs"] == 800
    assert await findings(depot) == []


async def test_references_tell_two_charges_of_one_parcel_apart_and_a_claim_gives_back(depot: Depot) -> None:
    lines = [
        ("2026-09-01", "SF7654321", "运费", "L1", "8.00"),
        ("2026-09-03", "SF7654321", "运费", "L2", "8.00"),
        ("2026-09-09", "SF7654321", "理赔", "", "-50.00"),
        ("合计", "", "", "", "-34.00"),
    ]
    assert (await take(depot, [HEADING, *lines])).posted_fen == -3400
    assert (await take(depot, [HEADING, lines[1]])).posted_fen == 0


async def test_a_statement_is_of_one_courier(depot: Depot) -> None:
    rows = [HEADING, ("2026-09-01", "SF7654321", "", "", "8.00")]
    await take(depot, rows)
    with pytest.raises(ChargesOfOtherCourierError):
        await take(depot, rows, "中通")
    with pytest.raises(UnknownCourierError):
        await take(depot, rows, "信鸽")
    assert (await take(depot, [*rows, ("2026-09-02", "SF1111111", "", "", "1")], "中通")).posted_fen == 900


def test_every_bad_cell_of_a_couriers_file_is_named() -> None:
    rows = [
        (*HEADING, "快递公司"),
        ("2026-09-01", "7.73E+14", "养路费", "", "8.00", "顺丰"),
        ("2026-09-01", "SF1234567", "理赔", "", "8.00", "圆通"),
        ("2026-09-01", "SF1234567", "运费", "", "8.00", ""),
        ("2026-09-02", "'sf 1234567", "快递费", "", "8.00", ""),
    ]
    with pytest.raises(RefusedFileError) as refusal:
        charge_file.read("a.csv", as_csv(rows), "shunfeng", "CNY", TODAY)
    assert [str(problem) for problem in refusal.value.problems] == [
        "row 2, column kind: Must be one of freight, return, insurance, packing, surcharge, claim, other.",
        "row 2, column tracking_no: Must be 6 to 40 letters, digits or hyphens.",
        "row 3, column amount: What the courier pays for a claim is negative.",
        "row 3, column courier: The statement is of “shunfeng”, not of another.",
        "row 5, column tracking_no: The same parcel and kind of charge as in row 4; a reference of each line must tell"
        " them apart.",
    ]
