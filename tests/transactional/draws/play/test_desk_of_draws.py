"""Draws at the desk, without JavaScript: written down, looked over, opened, called off; and kinds of draws."""

from dataclasses import replace
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, send, visit
from transactional.db import reading, writing
from transactional.draws.log.keeper import Witness
from transactional.draws.log.notes import WITNESS, Verifier
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
FORM = {
    "title_zh": "耳机抽奖",
    "title_en": "Headphones",
    "mode": "promotional",
    "profile": "mainland",
    "prize_item": "serial-4711",
    "prize_name": "耳机",
    "prize_value": "999.00",
    "prize_kind": "parcel",
    "winners": "2",
    "reserves": "3",
    "claim_days": "30",
    "capacity": "100",
    "delay_s": "600",
    "rules": "第一条\r\n第二条",
    "house_rule": "本店最多参与 5 次。",
}


def keyed(**form: str) -> dict[str, str]:
    return {"idempotency_key": uuid4().hex, **form}


def draw_of(answer: httpx.Response) -> str:
    """The address of the draw that a form led to."""
    assert answer.status_code == 303, Seen(answer.text).text
    return answer.headers["location"].partition("?")[0]


async def rows(shop: Shop, sql: str) -> list[tuple[object, ...]]:
    async with reading(shop.engine) as session:
        return [tuple(row) for row in await session.execute(text(sql))]


async def test_a_draw_is_written_down_once_changed_and_opened(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        once = keyed(**FORM)
        address = draw_of(await send(client, "/desk/draws/new", **once))
        assert draw_of(await send(client, "/desk/draws/new", **once)) == address
        form = await visit(client, f"{address}/edit")
        assert form.faults == []
        assert (form.fields["prize_value"], form.fields["capacity"]) == ("999.00", "100")
        changed = {**FORM, "capacity": "50", "closes_at": "2099-01-31T08:00"}
        draw_of(await send(client, f"{address}/edit", **keyed(**changed)))
        stored = await rows(shop, "select state, capacity, rules, closes_at at time zone 'UTC' from shop.draw")
        assert [tuple(map(str, row)) for row in stored] == [
            ("draft", "50", "第一条\n第二条", "2099-01-31 00:00:00"),
        ]
        seen = await visit(client, address)
        assert "Once the draw is open, nothing on this page can be changed" in seen.text
        assert "2 in 50" in seen.text
        draw_of(await send(client, f"{address}/open", **keyed()))
        seen = await visit(client, f"{address}?done=opened")
        assert "The draw is open." in seen.text
        assert seen.faults == []
        assert (await send(client, f"{address}/edit", **keyed(**FORM))).status_code == 409
        assert [row[0] for row in await rows(shop, "select kind from shop.log_leaf")] == ["open"]
        assert "Headphones" in (await visit(client, "/desk/draws?state=open")).text
        assert "No draw in this state" in (await visit(client, "/desk/draws?state=void")).text


FAULTS: tuple[tuple[dict[str, str], str], ...] = (
    ({"prize_value": "a lot"}, "Not an amount"),
    ({"winners": "-1"}, "whole number"),
    ({"capacity": "٣"}, "whole number"),
    ({"closes_at": "soon"}, "Not a day and time"),
    ({"capacity": "0"}, "A draw ends when it is full"),
    ({"price": "1.00"}, "cost nothing in a promotional draw"),
    ({"rules": " "}, "Must not be empty"),
    ({"mode": "lottery"}, "not one of the choices"),
    ({"pack_count": "12"}, "A pack holds more entries"),
)


async def test_a_form_with_a_fault_says_where_and_loses_nothing(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop, "operator")
        for wrong, said in FAULTS:
            answer = await send(client, "/desk/draws/new", **keyed(**{**FORM, **wrong}))
            assert answer.status_code == 422, wrong
            assert said in Seen(answer.text).text
            assert "serial-4711" in answer.text
        assert await rows(shop, "select 1 from shop.draw") == []


async def test_a_draft_against_the_rules_says_so_before_and_when_it_is_opened(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        address = draw_of(await send(client, "/desk/draws/new", **keyed(**{**FORM, "prize_value": "50000.01"})))
        assert "a prize is worth ¥50,000.00 at most" in (await visit(client, address)).text
        refused = await send(client, f"{address}/open", **keyed())
        assert refused.status_code == 409
        assert await rows(shop, "select state, number from shop.draw") == [("draft", None)]
        taken = await send(client, "/desk/draws/new", **keyed(**FORM))
        assert taken.status_code == 409
        assert "already the prize of draw" in Seen(taken.text).text
        assert draw_of(await send(client, f"{address}/discard", **keyed())) == "/desk/draws"
        assert (await client.get(address, headers=HTML)).status_code == 404
        again = draw_of(await send(client, "/desk/draws/new", **keyed(**FORM)))
        draw_of(await send(client, f"{again}/open", **keyed()))
        assert (await send(client, f"{again}/discard", **keyed())).status_code == 409


async def test_the_shops_own_entries_are_on_record_and_a_draw_is_called_off_in_words(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        address = draw_of(await send(client, "/desk/draws/new", **keyed(**FORM)))
        draw_of(await send(client, f"{address}/open", **keyed()))
        for count in ("0", "many", "101"):
            assert (await send(client, f"{address}/house", **keyed(count=count))).status_code in (409, 422)
        twice = keyed(count="2")
        for _ in range(2):
            draw_of(await send(client, f"{address}/house", **twice))
        assert await rows(shop, "select next_index, house_count from shop.draw") == [(2, 2)]
        assert (await send(client, f"{address}/void", **keyed(words="no"))).status_code == 422
        draw_of(await send(client, f"{address}/void", **keyed(words="The headphones were stolen.")))
        seen = await visit(client, address)
        assert "Called off" in seen.text
        assert "The headphones were stolen." in seen.text
        acts = [row[0] for row in await rows(shop, "select act from shop.staff_act order by id")]
        assert acts[-4:] == ["draft_draw", "open_draw", "enter_for_house", "void_draw"]


async def test_a_draw_that_announced_nothing_offers_no_entries_of_the_shop(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        address = draw_of(await send(client, "/desk/draws/new", **keyed(**{**FORM, "house_rule": ""})))
        draw_of(await send(client, f"{address}/open", **keyed()))
        assert "Enter for the shop" not in (await visit(client, address)).text
        refused = await send(client, f"{address}/house", **keyed(count="1"))
        assert (refused.status_code, "did not announce" in refused.text) == (409, True)


async def test_the_paid_mode_is_switched_on_at_the_desk_by_two_people_only(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    paid = {"profile": "great_britain", "mode": "paid"}
    home = "/desk/draws/modes"
    async with Client(shop, fresh_database) as owner, Client(shop, fresh_database) as auditor:
        await enter_desk(owner, shop)
        await enter_desk(auditor, shop, "auditor")
        assert (await send(owner, f"{home}/ask", **keyed(**paid))).status_code == 409
        async with writing(shop.engine) as session:
            await session.execute(text("update shop.staff set created_at = now() - interval '8 days'"))
        assert "legal opinion" in (await send(owner, f"{home}/ask", **keyed(**paid))).text
        opinion = {"counsel": "Smith LLP", "summary": "Free route.", "given_on": "2026-01-02"}
        wrong = keyed(**paid, **opinion, document_sha256="abc", valid_until="soon")
        answer = await send(owner, f"{home}/opinions", **wrong)
        assert (answer.status_code, "Smith LLP" in answer.text) == (422, True)
        right = keyed(**paid, **opinion, document_sha256="AB" * 32, valid_until="2099-01-01")
        draw_of(await send(owner, f"{home}/opinions", **right))
        draw_of(await send(owner, f"{home}/ask", **keyed(**paid)))
        [(switch,)] = await rows(shop, "select public_id from shop.mode_switch")
        assert f"{switch}/confirm" not in (await owner.get(home)).text
        alone = await send(owner, f"{home}/{switch}/confirm", **keyed())
        assert (alone.status_code, "somebody else must" in alone.text) == (409, True)
        assert f"{switch}/confirm" in (await auditor.get(home)).text
        draw_of(await send(auditor, f"{home}/{switch}/confirm", **keyed()))
        assert await rows(shop, "select is_on, confirmed_at is not null from shop.mode_switch") == [(True, True)]
        draw_of(await send(auditor, f"{home}/off", **keyed(**paid)))
        assert (await visit(owner, home)).faults == []
        forbidden = await send(owner, f"{home}/ask", **keyed(profile="mainland", mode="paid"))
        assert (forbidden.status_code, "forbid draws of this kind" in forbidden.text) == (409, True)
        assert (await send(owner, f"{home}/ask", **keyed(profile="moon", mode="paid"))).status_code == 404


def _seen_by(shop: Shop, *are_test: bool) -> Shop:
    """The shop whose log these witnesses see, any two of whom are enough."""
    named = [
        Witness(Verifier(f"witness-{number}", WITNESS, bytes([number]) * 32), "http://127.0.0.1:9", is_test)
        for number, is_test in enumerate(are_test)
    ]
    return replace(shop, keeper=replace(shop.keeper, witnesses=tuple(named), quorum=2))


@pytest.mark.parametrize(
    ("are_test", "is_warned"),
    [((), True), ((False,), True), ((False, True, True), True), ((False, False), False), ((False, False, True), False)],
)
async def test_before_it_is_opened_a_draw_that_nobody_outside_would_see_is_warned_of(
    shop: Shop, fresh_database: DatabaseUrls, are_test: tuple[bool, ...], *, is_warned: bool
) -> None:
    async with Client(_seen_by(shop, *are_test), fresh_database) as client:
        await enter_desk(client, shop)
        address = draw_of(await send(client, "/desk/draws/new", **keyed(**FORM)))
        shown = (await visit(client, address)).text
        assert ("Too few witnesses outside the shop" in shown) == is_warned
        assert "Once the draw is open" in shown
