"""The record of what staff did: filtered, paged to its end, exported whole; and who tries to get in."""

import csv
import io
import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from mingsuan import clock
from mingsuan.i18n import translator
from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, enter_desk, send, visit
from transactional.accounts import service as accounts
from transactional.accounts.rules import MAY
from transactional.backoffice.act_wording import subject_address
from transactional.backoffice.member_wording import may_texts
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
MANY = text("""
insert into shop.staff_act (staff_id, act, subject, reason, happened_at)
select case when n % 3 > 0 then (select min(id) from shop.staff) end,
    case when n % 2 = 0 then 'refund' else 'settle_orders' end,
    'order:M' || n, '=1+1', timestamptz '2026-03-01 00:00:00+08' + (n / 4) * interval '1 hour'
from generate_series(1, 130) as n
""")


async def many(shop: Shop) -> None:
    async with writing(shop.engine) as session:
        await session.execute(MANY)


def orders_on(html: str) -> list[int]:
    return [int(n) for n in re.findall(r'<a href="/desk/orders/M(\d+)">', html)]


def network_row(html: str, network: str) -> dict[str, str]:
    """The figures beside a network in the table of failures."""
    [row] = [row for row in html.split("<tr>") if f">{network}<" in row and 'data-label="Tries"' in row]
    return dict(re.findall(r'data-label="(\w+)" class="num"><span>([\d,]+)</span>', row))


async def test_pages_of_acts_lead_to_the_end_without_gap_or_repetition(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop, "auditor")
        await many(shop)
        address, seen = "/desk/acts", []
        while address:
            html = (await client.get(address, headers=HTML)).text
            seen += orders_on(html)
            older = re.search(r'rel="next" href="([^"]+)"', html)
            address = older.group(1).replace("&amp;", "&") if older else ""
    assert seen == list(range(130, 0, -1)), "several acts share one instant"


async def test_acts_are_filtered_by_who_what_about_and_days_of_the_shops_zone(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop, "auditor")
        await many(shop)
        found = {}
        for asked in ("who=command-line", "act=refund", "subject=M13", "since=2026-03-02&until=2026-03-02", "who=x"):
            found[asked] = len(orders_on((await client.get(f"/desk/acts?{asked}", headers=HTML)).text))
        assert found["who=command-line"] == 43
        assert found["act=refund"] == 50, "a full page"
        assert found["subject=M13"] == 2, "M13 and M130"
        assert found["since=2026-03-02&until=2026-03-02"] == 35, "M96 to M130: 24 hours and more of four acts each"
        assert found["who=x"] == 0
        assert "Nothing matches" in (await visit(client, "/desk/acts?act=never")).text
        assert (await client.get("/desk/acts?before=2026~x&since=31.12.", headers=HTML)).status_code == 200


async def test_the_export_is_whole_said_in_both_languages_and_itself_on_record(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop, "auditor")
        await many(shop)
        answer = await client.get("/desk/acts?act=refund&format=csv", headers=HTML)
        assert answer.headers["content-disposition"].startswith("attachment;")
        lines = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
        assert [line["subject"] for line in lines] == [f"order:M{n}" for n in range(130, 0, -2)]
        assert {(line["act_zh"], line["act_en"], line["reason"]) for line in lines} == {
            ("退款", "Gave a refund", "'=1+1")
        }
        assert "Exported what staff did" in (await visit(client, "/desk/acts")).text


async def test_acts_and_security_are_for_owner_and_auditor(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        for role, status in (("owner", 200), ("auditor", 200), ("operator", 403), ("buyer", 403)):
            await enter_desk(client, shop, role)
            for address in ("/desk/acts", "/desk/acts?format=csv", "/desk/security"):
                assert (await client.get(address, headers=HTML)).status_code == status, (role, address)


async def test_what_an_act_is_about_leads_to_its_page_and_nothing_leads_elsewhere() -> None:
    assert subject_address("refund", "M20261122-1") == "/desk/orders/M20261122-1"
    assert subject_address("settle_orders", "order:M1") == "/desk/orders/M1"
    assert subject_address("change_role", "staff:0190-ab") == "/desk/staff/0190-ab"
    assert subject_address("settle_orders", "order:../../log-out") == ""
    assert subject_address("close_month", "month:2026-01") == ""


async def test_failed_log_ins_are_seen_by_hour_and_network_without_naming_anybody(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client, Client(shop, fresh_database) as stranger:
        await enter_desk(client, shop)
        for n in range(3):
            await send(stranger, "/desk/log-in", email=f"guess{n}@example.com", password="wrong")
        html = (await client.get("/desk/security", headers=HTML)).text
        seen = Seen(html).text
        assert network_row(html, "127.0.0.0/24") == {"Tries": "4", "Failed": "3", "Succeeded": "1", "Accounts": "4"}
        assert "guess1@example.com" not in html
        assert "127.0.0.1" not in Seen(html).text
        assert "No attack on log-ins is under way." in seen
        async with writing(shop.engine) as session:
            await session.execute(
                text(
                    "insert into shop.review_case (kind, subject, opened_at)"
                    " values ('credential_stuffing', 'hour:2026-11-22T07Z', :at)"
                ),
                {"at": clock.now() - timedelta(minutes=5)},
            )
        assert "Somebody is trying stolen passwords." in (await visit(client, "/desk/security")).text


async def test_staff_without_a_second_step_are_named(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await enter_desk(client, shop)
        async with writing(shop.engine) as session:
            await accounts.add_staff(session, "late@example.com", PASSWORD, "Late Riser", "buyer")
        assert "Late Riser" in (await visit(client, "/desk/security")).text


def test_every_right_of_a_role_is_said_in_words() -> None:
    assert set(may_texts(translator("en", "shop"))) == set(MAY)
