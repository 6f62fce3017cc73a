"""No form of the desk changes anything without leaving who did it on record, in words of both languages."""

import ast
import re
from pathlib import Path

import pytest
from fastapi.routing import APIRoute
from sqlalchemy import text

from mingsuan.i18n import translator
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.web.desk_acts import ACTS, BUILT, EXCUSED
from tests.transactional.web.test_members import SECRET, code_of
from tests.transactional.web.visits import HTML, enter_desk, send, visit
from transactional.accounts import service as accounts
from transactional.backoffice.act_wording import act_texts
from transactional.db import writing
from transactional.shop import Shop
from transactional.web import site

SOURCES = Path(accounts.__file__).parents[1]
SAFE = {"GET", "HEAD", "OPTIONS"}


def changing_routes() -> set[str]:
    """Every route of the desk that takes more than looking, from the routers that the shop's app is made of."""
    routes = [each for slice_pages in site.DESK for each in slice_pages.router.routes if isinstance(each, APIRoute)]
    return {each.path for each in routes if each.methods - SAFE}


def test_every_form_of_the_desk_is_listed_with_the_act_that_it_leaves() -> None:
    assert changing_routes() - ACTS.keys() - EXCUSED.keys() == set()
    assert (ACTS.keys() | EXCUSED.keys()) - changing_routes() == set()
    assert not ACTS.keys() & EXCUSED.keys()


def test_every_listed_act_is_one_that_the_sources_record() -> None:
    literals, built = set(), set()
    for file in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                literals.add(node.value)
            elif isinstance(node, ast.JoinedStr):
                built.add(ast.unparse(node)[2:-1])
    acts = {act for listed in ACTS.values() for act in listed}
    assert {act for act in acts if act not in literals and BUILT.get(act) not in built} == set()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_listed_act_is_said_in_words(language: str) -> None:
    words = act_texts(translator(language, "shop"))
    assert {act for listed in ACTS.values() for act in listed} - words.keys() == set()
    chinese = re.compile("[\u4e00-\u9fff]")
    assert all(bool(chinese.search(each)) == (language == "zh_CN") for each in words.values())


@pytest.mark.anyio
async def test_each_form_about_staff_leaves_its_act_and_a_refused_one_leaves_none(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with writing(shop.engine) as session:
        buyer = await accounts.add_staff(session, "buyer@example.com", PASSWORD, "", "buyer")
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)

        async def acts_of(address: str, **form: str) -> list[str]:
            before = await _count(shop)
            await send(client, address, **form)
            return (await _acts(shop))[before:]

        member = f"/desk/staff/{buyer.public_id}"
        key = (await visit(client, "/desk/staff/new")).fields["idempotency_key"]
        new = {"email": "wang@example.com", "role": "buyer", "idempotency_key": key}
        assert await acts_of("/desk/staff/new", **{**new, "role": "king"}) == []
        assert await acts_of("/desk/staff/new", **new) == ["add_staff"]
        assert await acts_of("/desk/staff/new", **new) == []
        assert await acts_of(f"{member}/role", role="operator") == ["change_role"]
        assert await acts_of(f"{member}/role", role="operator") == []
        assert await acts_of(f"{member}/disable", reason="left") == ["disable_staff"]
        assert await acts_of(f"{member}/disable", reason="left") == []
        assert await acts_of(f"{member}/enable") == ["enable_staff"]
        assert await acts_of(f"{member}/invite", idempotency_key="12345678") == ["invite_staff"]
        assert await acts_of(f"{member}/invite", idempotency_key="12345678") == []
        assert await acts_of("/desk/profile/two-step") == ["begin_two_step"]
        found = SECRET.search((await client.get("/desk/profile/two-step", headers=HTML)).text)
        assert found
        assert await acts_of("/desk/profile/two-step/confirm", code="000000") == []
        assert await acts_of("/desk/profile/two-step/confirm", code=code_of(found.group(1))) == ["set_up_two_step"]
        assert await acts_of("/desk/profile/spare-codes", idempotency_key="12345678") == ["make_spare_codes"]
        assert await acts_of("/desk/profile/spare-codes", idempotency_key="12345678") == []
        assert await acts_of("/desk/confirm", password=PASSWORD, code=code_of(found.group(1), 1)) == [
            "confirm_identity"
        ]
        assert await acts_of("/desk/profile/two-step/remove") == ["remove_two_step"]
        changed = {"current": PASSWORD, "password": "another good one"}
        assert await acts_of("/desk/profile/password", **changed) == ["change_own_password"]


@pytest.mark.anyio
async def test_every_way_of_the_navigation_leads_somewhere_for_every_role(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        for role in ("owner", "operator", "buyer", "auditor"):
            await enter_desk(client, shop, role)
            html = (await client.get("/desk", headers=HTML)).text
            ways = set(re.findall(r'<li><a href="(/desk[^"]*)"', html))
            assert {"/desk", "/desk/products"} <= ways
            answers = {way: (await client.get(way, headers=HTML)).status_code for way in sorted(ways)}
            assert {way: status for way, status in answers.items() if status != 200} == {}, role


async def _acts(shop: Shop) -> list[str]:
    async with writing(shop.engine) as session:
        return list(await session.scalars(text("select act from shop.staff_act order by id")))


async def _count(shop: Shop) -> int:
    return len(await _acts(shop))
