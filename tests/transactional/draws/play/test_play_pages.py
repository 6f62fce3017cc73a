"""A customer's page of limits and pauses, without JavaScript, and what it refuses."""

from uuid import uuid4

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.web.visits import HTML, register, send, visit
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
HOME = "/account/play"
NONE = {"stake_day": "", "stake_week": "", "stake_month": "", "loss_month": ""}


def keyed(**form: str) -> dict[str, str]:
    return {"idempotency_key": uuid4().hex, **form}


async def test_limits_are_set_shown_and_a_raise_waits(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await register(client)
        seen = await visit(client, HOME)
        assert seen.faults == []
        assert "You have not said yet" in seen.text
        first = keyed(**{**NONE, "stake_day": "100", "loss_month": "1,000"})
        for _ in range(2):
            assert (await send(client, f"{HOME}/limits", **first)).headers["location"] == f"{HOME}?done=limits"
        seen = await visit(client, f"{HOME}?done=limits")
        assert "¥100.00 holds now, of which ¥0.00 are used." in seen.text
        assert seen.fields["loss_month"] == "1000.00"
        await send(client, f"{HOME}/limits", **keyed(**{**NONE, "stake_day": "200"}))
        seen = await visit(client, HOME)
        assert "¥100.00 holds now" in seen.text
        assert "on ¥200.00." in seen.text
        assert "on there is no limit." in seen.text
        assert "<time" not in seen.text
        assert seen.fields["stake_day"] == "200.00"


@pytest.mark.parametrize("typed", ["-5", "ten", "1.234", "99999999999"])
async def test_what_is_no_amount_changes_nothing_and_is_kept_in_the_form(
    shop: Shop, fresh_database: DatabaseUrls, typed: str
) -> None:
    async with Client(shop, fresh_database) as client:
        await register(client)
        answer = await send(client, f"{HOME}/limits", **keyed(**{**NONE, "stake_day": "5", "stake_week": typed}))
        assert answer.status_code == 422
        assert f'value="{typed}"' in answer.text
        assert "You have not said yet" in (await visit(client, HOME)).text


async def test_a_pause_wants_to_be_confirmed_and_then_holds(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await register(client)
        refused = await send(client, f"{HOME}/pauses", **keyed(kind="time_out", days="7"))
        assert refused.status_code == 422
        for kind, days in (("time_out", "8"), ("self_exclusion", "7"), ("<b>", "7")):
            wrong = await send(client, f"{HOME}/pauses", **keyed(kind=kind, days=days, sure="yes"))
            assert wrong.status_code == 422
        assert "You take part in no draw" not in (await visit(client, HOME)).text
        done = await send(client, f"{HOME}/pauses", **keyed(kind="self_exclusion", days="184", sure="yes"))
        assert done.headers["location"] == f"{HOME}?done=pause"
        assert "You take part in no draw until" in (await visit(client, HOME)).text


async def test_the_page_is_for_who_is_logged_in(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        assert (await client.get(HOME, headers=HTML)).headers["location"].startswith("/log-in")
