"""Parcels: sent once, followed whatever the courier says and when, received, and addresses in nobody's sight."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.logistics.conftest import PHONE, RECIPIENT, STREET, Depot, instant
from tests.transactional.small_shop import all_text
from transactional.db import reading, writing
from transactional.errors import InvalidInputError, NotFoundError
from transactional.logistics import destinations, queries, receiving, tracking
from transactional.logistics.errors import NotConfirmableError, ParcelKnownError
from transactional.logistics.kuaidi_words import Event, Report
from transactional.logistics.models import Shipment
from transactional.logistics.service import parcels_of
from transactional.orders.errors import UnitNotWaitingError

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1)


def report(*states: str, words: str = "") -> Report:
    """The events so far, one a minute, and the state of the last."""
    return Report(states[-1], tuple(Event(instant(n), f"{n} {state}{words}") for n, state in enumerate(states)))


async def hear(depot: Depot, parcel: UUID, said: Report) -> None:
    inside = (await depot.parcel(parcel)).id
    async with writing(depot.shop.engine) as session:
        row = await session.get_one(Shipment, inside, with_for_update=True)
        await tracking.heard(session, depot.shop.vault, row, said, "callback")


async def test_a_parcel_delivers_its_units_posts_them_and_tells_the_customer_once(depot: Depot) -> None:
    _, placed = await depot.paid_box(quantity=2)
    first = await depot.send(placed)
    assert await depot.send(placed, "sf 1234567") == first, "the same parcel, said again"
    assert await depot.state(placed.order_no) == "delivered"
    assert (await depot.balances())["sales"] == -10000
    assert await depot.rows("select kind, values ->> 'tracking_no' from shop.notice") == [("shipped", "SF1234567")]
    assert await depot.one("select count(*) from shop.staff_act where act = 'ship'") == 2
    assert await depot.one("select count(*) from shop.shipment_item") == 2


async def test_units_can_go_in_several_parcels_each_unit_in_one(depot: Depot) -> None:
    _, placed = await depot.paid_box(quantity=2)
    [one, two] = await depot.fulfilment_ids(placed.order_no)
    await depot.send(placed, "SF0000001", units=(one,))
    assert await depot.state(placed.order_no) == "partially_delivered"
    with pytest.raises(UnitNotWaitingError):
        await depot.send(placed, "SF0000002", units=(one, two))
    await depot.send(placed, "SF0000002", units=(two,))
    assert await depot.state(placed.order_no) == "delivered"
    async with reading(depot.shop.engine) as session:
        shown = await parcels_of(session, placed.order_id)
    assert [(parcel.tracking_no, parcel.courier_zh) for parcel in shown] == [
        ("SF0000001", "顺丰速运"),
        ("SF0000002", "顺丰速运"),
    ]


async def test_a_unit_named_later_is_put_into_the_same_parcel_and_told_of_once(depot: Depot) -> None:
    _, placed = await depot.paid_box(quantity=2)
    [one, two] = await depot.fulfilment_ids(placed.order_no)
    first = await depot.send(placed, units=(one,))
    assert await depot.send(placed, units=(one, two)) == first
    assert await depot.send(placed, units=(one, two)) == first
    assert await depot.state(placed.order_no) == "delivered"
    assert await depot.rows("select count(*), count(distinct shipment_id) from shop.shipment_item") == [(2, 1)]
    assert await depot.one("select count(*) from shop.notice where kind = 'shipped'") == 1


async def test_two_clerks_who_send_the_same_order_at_once_send_it_once(depot: Depot) -> None:
    _, placed = await depot.paid_box()
    done = await asyncio.gather(*(depot.send(placed, f"SF000000{n}") for n in range(3)), return_exceptions=True)
    assert sorted(type(each).__name__ for each in done) == ["UUID", "UnitNotWaitingError", "UnitNotWaitingError"]
    assert await depot.one("select count(*) from shop.shipment") == 1


async def test_a_number_of_another_order_an_unknown_courier_and_nonsense_are_refused(depot: Depot) -> None:
    customer, placed = await depot.paid_box()
    await depot.send(placed)
    with pytest.raises(NotFoundError):
        await depot.send(type(placed)(**{**vars_of(placed), "order_no": "NOBODY"}))
    with pytest.raises(InvalidInputError):
        await depot.send(placed, "=1+1", courier="a friend")
    async with writing(depot.shop.engine) as session:
        with pytest.raises(NotFoundError):
            await queries.shipment(session, UUID(int=7), customer.id)
    sku = await depot.sku("WORK", "manual_service")
    other = await depot.order(customer, (sku, 1))
    await depot.pay(other)
    with pytest.raises(ParcelKnownError):
        await depot.send(other)


def vars_of(placed: object) -> dict[str, object]:
    return {name: getattr(placed, name) for name in placed.__dataclass_fields__}  # type: ignore[attr-defined]


WAY = ("collected", "in_transit", "problem", "in_transit", "delivering", "signed", "returning", "returned")


@settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    truth=st.lists(st.sampled_from(WAY), min_size=1, max_size=7),
    heard=st.lists(st.integers(1, 7), min_size=1, max_size=10),
)
async def test_reports_may_come_late_twice_and_in_any_order(depot: Depot, truth: list[str], heard: list[int]) -> None:
    """The model: of what happened, the shop knows the longest part that anybody told it, and stands where that ends."""
    if not await depot.rows("select id from shop.shipment"):
        _, placed = await depot.paid_box()
        await depot.send(placed)
    parcel: UUID = await depot.one(
        "insert into shop.shipment (purpose, reference, order_id, customer_id, courier, tracking_no, sent_at)"
        " select purpose, reference, order_id, customer_id, courier,"
        " 'N' || (select count(*) from shop.shipment), sent_at"
        " from shop.shipment order by id limit 1 returning public_id"
    )
    for length in heard:
        await hear(depot, parcel, report(*truth[: min(length, len(truth))]))
    longest = truth[: min(max(heard), len(truth))]
    row = await depot.parcel(parcel)
    assert row.state == longest[-1]
    assert row.last_event_at == instant(len(longest) - 1)
    assert row.signed_at == (row.last_event_at if longest[-1] == "signed" else None)
    async with reading(depot.shop.engine) as session:
        shown = await queries.detail(session, depot.shop.vault, parcel, None)
    assert [event.word for event in reversed(shown.events)] == [f"{n} {state}" for n, state in enumerate(longest)]


async def test_the_worker_asks_with_four_digits_and_an_unclear_answer_changes_nothing(depot: Depot) -> None:
    _, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    depot.service.answers = [None, report("collected", "in_transit")]
    at = clock.now()
    assert await tracking.ask_due(depot.shop) == 0, "not yet"
    with clock.at(at + timedelta(hours=2)):
        assert await tracking.ask_due(depot.shop) == 1
    row = await depot.parcel(parcel)
    assert (row.state, row.last_event_at) == ("sent", None)
    with clock.at(at + timedelta(hours=5)):
        await tracking.ask_due(depot.shop)
    assert (await depot.parcel(parcel)).state == "in_transit"
    assert depot.service.queries == [("shunfeng", "SF1234567", "8000")] * 2
    assert await depot.rows("select operation, outcome from shop.external_call order by id") == [
        ("query", "unknown"),
        ("query", "succeeded"),
    ]


async def test_a_parcel_is_subscribed_once_and_other_couriers_get_no_digit_of_a_phone(depot: Depot) -> None:
    _, placed = await depot.paid_box()
    parcel = await depot.send(placed, "ZT1234567", "zhongtong")
    inside = (await depot.parcel(parcel)).id
    for _ in range(2):
        await tracking.subscribe(depot.shop, inside, 1)
    [(courier, number, phone_end, url, salt)] = depot.service.subscriptions
    assert (courier, number, phone_end) == ("zhongtong", "ZT1234567", "")
    assert url.endswith(f"/couriers/{parcel}/reports")
    assert salt == tracking.salt_of(depot.shop.vault, parcel)
    assert salt != tracking.salt_of(depot.shop.vault, UUID(int=1))


async def test_trouble_opens_one_case_a_state_which_ends_when_the_parcel_is_signed_for(depot: Depot) -> None:
    _, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    for _ in range(2):
        await hear(depot, parcel, report("collected", "problem"))
    assert await depot.rows("select kind, subject, state from shop.review_case") == [
        ("parcel_trouble", f"{parcel}/problem", "open")
    ]
    await hear(depot, parcel, report("collected", "problem", "signed"))
    assert await depot.rows("select state, resolution from shop.review_case") == [("resolved", "signed for")]


async def test_the_customer_confirms_each_parcel_and_the_last_one_completes_the_order(depot: Depot) -> None:
    customer, placed = await depot.paid_box(quantity=2)
    [one, two] = await depot.fulfilment_ids(placed.order_no)
    first = await depot.send(placed, "SF0000001", units=(one,))
    second = await depot.send(placed, "SF0000002", units=(two,))
    async with writing(depot.shop.engine) as session:
        with pytest.raises(NotFoundError):
            await receiving.confirm(session, first, customer.id + 1)
    for parcel, state in ((first, "delivered"), (first, "delivered"), (second, "completed")):
        async with writing(depot.shop.engine) as session:
            await receiving.confirm(session, parcel, customer.id)
        assert await depot.state(placed.order_no) == state


async def test_time_confirms_ten_days_after_signing_and_fifteen_after_silence(depot: Depot) -> None:
    customer, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    sent = clock.now()
    with clock.at(sent + 14 * DAY):
        assert await receiving.confirm_due(depot.shop) == 0
    await hear(depot, parcel, report("collected", "signed"))
    signed_at = (await depot.parcel(parcel)).signed_at
    assert signed_at is not None
    with clock.at(signed_at + 10 * DAY - timedelta(seconds=1)):
        assert await receiving.confirm_due(depot.shop) == 0
    with clock.at(signed_at + 10 * DAY):
        assert await receiving.confirm_due(depot.shop) == 1
        assert await receiving.confirm_due(depot.shop) == 0
    assert await depot.state(placed.order_no) == "completed"
    assert (await depot.parcel(parcel)).confirmed_by == "time"
    assert customer.id


async def test_a_parcel_of_which_nothing_was_heard_counts_as_received_after_fifteen_days(depot: Depot) -> None:
    _, placed = await depot.paid_box()
    await depot.send(placed, courier="other")
    with clock.at(clock.now() + 15 * DAY):
        assert await receiving.confirm_due(depot.shop) == 1
    assert await depot.state(placed.order_no) == "completed"


async def test_what_came_back_or_was_lost_is_never_confirmed(depot: Depot) -> None:
    customer, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    async with writing(depot.shop.engine) as session:
        await receiving.lose(session, parcel, depot.clerk.id, "the courier says so")
    await hear(depot, parcel, report("collected"))
    with clock.at(clock.now() + 60 * DAY):
        assert await receiving.confirm_due(depot.shop) == 0
    async with writing(depot.shop.engine) as session:
        with pytest.raises(NotConfirmableError):
            await receiving.confirm(session, parcel, customer.id)
    assert (await depot.parcel(parcel)).state == "lost", "older news does not find it again"
    assert await depot.rows("select act, reason from shop.staff_act where act = 'lose_parcel'") == [
        ("lose_parcel", "the courier says so")
    ]


async def test_neither_address_nor_the_courier_s_words_are_in_clear_anywhere(
    depot: Depot, fresh_database: DatabaseUrls
) -> None:
    customer, placed = await depot.paid_box()
    parcel = await depot.send(placed)
    await hear(depot, parcel, report("collected", "signed", words=f"，{RECIPIENT}已签收，快递员 13912345678"))
    everything = await all_text(fresh_database)
    for secret in (RECIPIENT, PHONE[3:], STREET, "文三路", "13912345678"):
        assert secret not in everything
        assert secret.encode().hex() not in everything
    async with reading(depot.shop.engine) as session:
        place = await destinations.place_of(session, depot.shop.vault, "order", placed.order_no)
        shown = await queries.detail(session, depot.shop.vault, parcel, customer.id)
    assert place is not None
    assert (place.recipient, place.shown_phone, place.line) == (RECIPIENT, "13800138000", f"浙江省杭州市西湖区{STREET}")
    assert "13912345678" in shown.events[0].word
    assert RECIPIENT not in repr(place)
