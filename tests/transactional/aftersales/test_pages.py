"""Pages of cases, for the customer and at the desk: what they say, what forms do once, and that nothing typed runs."""

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from tests.transactional.aftersales.conftest import Bought, Counter
from tests.transactional.aftersales.test_evidence import picture
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.small_shop import PRICE_FEN
from tests.transactional.web.seen import Seen
from transactional.accounts import service as accounts
from transactional.accounts import tokens
from transactional.accounts.models import Session
from transactional.aftersales.schemas import MOST_WORDS
from transactional.db import writing
from transactional.edge import CUSTOMER_COOKIE, STAFF_COOKIE

pytestmark = pytest.mark.anyio
HTML = {"accept": "text/html"}
EVIL = """<script>alert(1)</script><img src=x onerror="alert(2)">'"--></textarea>{{ 7*7 }}"""
KEY = re.compile(r'name="idempotency_key" value="([0-9a-f]+)"')


@pytest.fixture
async def client(counter: Counter, fresh_database: DatabaseUrls) -> AsyncIterator[Client]:
    async with Client(counter.shop, fresh_database) as opened:
        yield opened


async def as_customer(client: Client, counter: Counter, bought: Bought) -> None:
    token = tokens.new()
    until = clock.now() + timedelta(days=1)
    async with writing(counter.shop.engine) as session:
        session.add(Session(token_sha256=tokens.digest(token), expires_at=until, customer_id=bought.customer.id))
    client.cookies.clear()
    client.cookies.set(CUSTOMER_COOKIE, token)


async def as_staff(client: Client, counter: Counter, role: str = "operator") -> None:
    email = f"{uuid4().hex[:8]}@example.com"
    async with writing(counter.shop.engine) as session:
        await accounts.add_staff(session, email, PASSWORD, f"{role} Wang", role)
    client.cookies.clear()
    answer = await client.post("/api/v1/staff/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 201, answer.text
    client.cookies.set(STAFF_COOKIE, answer.cookies[STAFF_COOKIE])


async def page(client: Client, address: str, status: int = 200) -> tuple[str, Seen]:
    answer = await client.get(address, headers=HTML)
    assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text[:400]}"
    seen = Seen(answer.text)
    assert seen.faults == []
    assert len(seen.headings) == 1
    return answer.text, seen


async def send(client: Client, address: str, files: Any = None, **form: Any) -> httpx.Response:
    return await client.post(address, data=form, files=files, headers=HTML)


def key_of(html: str) -> str:
    found = KEY.search(html)
    assert found
    return found[1]


async def test_a_number_that_no_order_has_is_no_failure_of_the_shop(client: Client, counter: Counter) -> None:
    bought = await counter.bought()
    await as_customer(client, counter, bought)
    form = {"unit": str(bought.units[0]), "reason": "other", "idempotency_key": "12345678"}
    for order_no, status in (("x" * 65, 422), ("x" * 64, 404)):
        assert (await client.post(f"/orders/{order_no}/help", data=form, headers=HTML)).status_code == status


async def test_before_sending_a_shopper_reads_what_will_happen(client: Client, counter: Counter) -> None:
    bought = await counter.bought()
    await as_customer(client, counter, bought)
    address = f"/orders/{bought.order_no}/help"
    _, first = await page(client, address)
    assert "Nothing is sent yet" in first.text
    _, then = await page(client, f"{address}?unit={bought.units[0]}&reason=changed_mind")
    assert "You get back" in then.text
    assert "¥50.00" in then.text
    html = (await client.get(f"{address}?unit={bought.units[0]}&reason=does_not_work", headers=HTML)).text
    assert "the code has not been shown yet" in html
    assert await counter.till.rows("select count(*) from shop.aftersales_case") == [(0,)]


async def test_a_refund_at_once_by_the_form_happens_once_however_often_it_is_sent(
    client: Client, counter: Counter
) -> None:
    bought = await counter.bought()
    await as_customer(client, counter, bought)
    address = f"/orders/{bought.order_no}/help"
    html, _ = await page(client, f"{address}?unit={bought.units[0]}&reason=changed_mind")
    form = {"idempotency_key": key_of(html), "unit": str(bought.units[0]), "reason": "changed_mind", "words": ""}
    answers = [await send(client, address, **form) for _ in range(3)]
    assert {(one.status_code, one.headers["location"]) for one in answers} == {(303, answers[0].headers["location"])}
    assert await counter.till.rows("select count(*), sum(amount_fen) from shop.refund") == [(1, PRICE_FEN)]
    _, seen = await page(client, answers[0].headers["location"])
    assert seen.headings == ["Your request is solved."]


async def test_words_and_pictures_go_back_and_forth(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    await as_customer(client, counter, bought)
    address = f"/orders/{bought.order_no}/help"
    html, _ = await page(client, f"{address}?unit={bought.units[0]}&reason=does_not_work")
    form = {"idempotency_key": key_of(html), "unit": str(bought.units[0]), "reason": "does_not_work", "words": "坏的"}
    files = [("files", (EVIL, picture("PNG"), "text/html"))]
    sent = await send(client, address, files, **form)
    case = sent.headers["location"]
    await as_staff(client, counter)
    desk = f"/desk/aftersales{case.removeprefix('/cases')}"
    html, seen = await page(client, desk)
    assert "坏的" in seen.text
    asked = await send(client, f"{desk}/say", idempotency_key=key_of(html), seen="0", words="哪里用的？", act="ask")
    assert asked.headers["location"] == f"{desk}?done=ask"
    await page(client, asked.headers["location"])
    await as_customer(client, counter, bought)
    html, seen = await page(client, case)
    assert seen.headings == ["We have asked you something: please answer below."]
    assert "哪里用的？" in seen.text
    await send(client, f"{case}/messages", idempotency_key=key_of(html), words="官网")
    assert (await page(client, case))[1].headings == ["We are working on your request."]


async def test_nothing_that_anybody_types_runs_in_a_page(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought, words=EVIL)
    await as_staff(client, counter)
    desk = f"/desk/aftersales/{opened.id}"
    for form in ({"words": EVIL, "act": "answer", "seen": "0"},):
        await send(client, f"{desk}/say", idempotency_key=uuid4().hex, **form)
    await send(client, f"{desk}/note", idempotency_key=uuid4().hex, words=EVIL)
    stale = await send(client, f"{desk}/decide/reject", idempotency_key=uuid4().hex, words=EVIL, seen="0", unit="")
    shown = [await page(client, desk), await page(client, f"/desk/aftersales?customer={EVIL}&order_no={EVIL[:40]}")]
    await as_customer(client, counter, bought)
    shown.append(await page(client, f"/cases/{opened.id}"))
    closed = await send(client, f"/cases/{opened.id}/messages", idempotency_key=uuid4().hex, words=EVIL * 50)
    for html in (*(html for html, _ in shown), stale.text, closed.text):
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "49" not in re.sub(r"[0-9a-f-]{8,}|\d{2,}:\d\d|\d{4}-\d\d-\d\d", "", html.split("<main", 1)[1])
    assert "&lt;script&gt;alert(1)" in shown[0][0]
    assert EVIL in shown[2][1].text


async def test_internal_notes_are_for_staff_alone(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_staff(client, counter)
    note = {"idempotency_key": uuid4().hex, "words": "我觉得是骗子"}
    await send(client, f"/desk/aftersales/{opened.id}/note", **note)
    assert "我觉得是骗子" in (await page(client, f"/desk/aftersales/{opened.id}"))[0]
    await as_customer(client, counter, bought)
    assert "骗子" not in (await page(client, f"/cases/{opened.id}"))[0]
    assert "骗子" not in (await client.read(f"/cases/{opened.id}")).text


async def test_evidence_is_a_download_for_its_owner_and_staff_and_nobody_else(client: Client, counter: Counter) -> None:
    bought, other = await counter.bought(shown=True), await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_customer(client, counter, bought)
    files = [("files", ("a.html", picture(), "text/html"))]
    await send(client, f"/cases/{opened.id}/messages", files, idempotency_key=uuid4().hex, words="")
    [[file]] = await counter.till.rows("select public_id from shop.aftersales_evidence")
    ways = [f"/cases/{opened.id}/evidence/{file}", f"/api/v1/cases/{opened.id}/evidence/{file}"]
    for way in ways:
        got = await client.get(way, headers=HTML)
        assert got.status_code == 200
        assert got.headers["content-type"] == "image/jpeg"
        assert got.headers["content-disposition"] == f'attachment; filename="{file}.jpg"'
        assert got.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
        assert got.headers["x-content-type-options"] == "nosniff"
    await as_customer(client, counter, other)
    assert [(await client.get(way, headers=HTML)).status_code for way in ways] == [404, 404]
    mine = await counter.complain(other)
    assert (await client.get(f"/cases/{mine.id}/evidence/{file}", headers=HTML)).status_code == 404
    staff = f"/desk/aftersales/{opened.id}/evidence/{file}"
    for role, status in (("operator", 200), ("auditor", 200), ("buyer", 403)):
        await as_staff(client, counter, role)
        assert (await client.get(staff, headers=HTML)).status_code == status
    client.cookies.clear()
    assert (await client.get(staff, headers=HTML)).status_code == 303


async def test_no_more_than_six_files_a_case_and_a_bad_one_keeps_the_words(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_customer(client, counter, bought)
    address = f"/cases/{opened.id}/messages"
    three = [("files", (f"{n}.jpg", picture(), "image/jpeg")) for n in range(3)]
    for _ in range(2):
        assert (await send(client, address, three, idempotency_key=uuid4().hex, words="")).status_code == 303
    more = await send(client, address, three[:1], idempotency_key=uuid4().hex, words="第七张")
    assert (more.status_code, "第七张" in more.text, "at most 6 files" in more.text) == (409, True, True)
    bad = await send(client, address, [("files", ("x.jpg", b"<html>", "image/jpeg"))], idempotency_key=uuid4().hex)
    assert "Send a picture" in bad.text
    assert await counter.till.rows("select count(*) from shop.aftersales_evidence") == [(6,)]


async def test_another_customers_case_is_not_there(client: Client, counter: Counter) -> None:
    bought, other = await counter.bought(shown=True), await counter.bought()
    opened = await counter.complain(bought)
    await as_customer(client, counter, other)
    key = uuid4().hex
    gets = [f"/cases/{opened.id}", f"/orders/{bought.order_no}/help", f"/cases/{UUID(int=0)}"]
    answers = [await client.get(address, headers=HTML) for address in gets]
    answers.append(await send(client, f"/cases/{opened.id}/messages", idempotency_key=key, words="?"))
    answers.append(await send(client, f"/cases/{opened.id}/withdraw"))
    form = {"idempotency_key": key, "unit": str(bought.units[0]), "reason": "other", "words": "?"}
    answers.append(await send(client, f"/orders/{bought.order_no}/help", **form))
    answers.append(await client.read(f"/orders/{bought.order_no}/case-outlook"))
    assert [one.status_code for one in answers] == [404] * len(answers)
    assert (await counter.look(bought, opened.id)).state == "open"


async def test_a_withdrawn_case_says_so_and_takes_nothing_more(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_customer(client, counter, bought)
    for _ in range(2):
        assert (await send(client, f"/cases/{opened.id}/withdraw")).status_code == 303
    assert (await page(client, f"/cases/{opened.id}"))[1].headings == ["The request was withdrawn."]
    late = await send(client, f"/cases/{opened.id}/messages", idempotency_key=uuid4().hex, words="等等")
    assert (late.status_code, "This case is closed already" in late.text) == (409, True)
    assert (await page(client, "/cases"))[1].headings == ["My requests"]


async def test_the_operator_refunds_a_part_by_the_desk_once(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_staff(client, counter)
    desk = f"/desk/aftersales/{opened.id}"
    unit = bought.units[0]
    form = {"idempotency_key": uuid4().hex, "seen": "0", "unit": str(unit), f"amount-{unit}": "12.34", "words": "抱歉"}
    answers = [await send(client, f"{desk}/decide/refund", **form) for _ in range(3)]
    assert {one.headers["location"] for one in answers} == {f"{desk}?done=refund"}
    assert await counter.till.rows("select amount_fen from shop.refund") == [(1234,)]
    other_tab = await send(client, f"{desk}/decide/refund", **form | {"idempotency_key": uuid4().hex})
    assert other_tab.status_code == 409
    assert "This case is closed already" in other_tab.text
    assert "by operator Wang" in other_tab.text
    assert await counter.till.rows("select count(*) from shop.staff_act where act = 'refund'") == [(1,)]


async def test_declining_needs_a_reason_and_an_amount_is_an_amount(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_staff(client, counter)
    desk = f"/desk/aftersales/{opened.id}"
    form = {"idempotency_key": uuid4().hex, "seen": "0", "unit": str(bought.units[0]), "words": " "}
    assert "Say why" in (await send(client, f"{desk}/decide/reject", **form)).text
    wrong = form | {f"amount-{bought.units[0]}": "-1"}
    assert "Must be between 0" in (await send(client, f"{desk}/decide/refund", **wrong)).text
    assert "Not an amount" in (await send(client, f"{desk}/decide/goodwill", **form, amount="=1+1")).text
    assert (await counter.look(bought, opened.id)).state == "open"


async def test_only_those_who_may_act_and_only_those_who_may_see(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    desk = f"/desk/aftersales/{opened.id}"
    form = {"idempotency_key": uuid4().hex, "seen": "0", "unit": str(bought.units[0]), "words": "?", "act": "answer"}
    for role in ("auditor", "buyer"):
        await as_staff(client, counter, role)
        for act in ("say", "note", "take", "decide/refund", "decide/replace", "decide/goodwill", "decide/reject"):
            assert (await send(client, f"{desk}/{act}", **form)).status_code == 403, (role, act)
        assert (await client.get(desk, headers=HTML)).status_code == {"auditor": 200, "buyer": 403}[role]
    assert (await counter.look(bought, opened.id)).revision == 0


async def test_the_queue_shows_the_next_due_first_and_what_is_overdue(client: Client, counter: Counter) -> None:
    late, soon = await counter.bought(shown=True), await counter.bought(shown=True)
    with clock.at(clock.now() - timedelta(hours=25)):
        await counter.complain(late, "other")
    await counter.complain(soon, "already_used")
    await as_staff(client, counter)
    html, seen = await page(client, "/desk/aftersales")
    assert html.index(late.order_no) < html.index(soon.order_no)
    assert "2 cases" in seen.text
    html, seen = await page(client, "/desk/aftersales?state=overdue")
    assert (late.order_no in html, soon.order_no in html) == (True, False)
    assert soon.order_no in (await page(client, "/desk/aftersales?reason=already_used&state="))[0]
    assert "No case fits" in (await page(client, f"/desk/aftersales?customer=%25&order_no={soon.order_no}"))[0]
    assert "mingsuan_cases_overdue 1.0" in (await client.get("/metrics")).text


async def test_an_export_has_no_formulas_and_nothing_that_customers_wrote(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    await counter.complain(bought, words="只有客服能看")
    await counter.till.rows(
        "update shop.customer set email = '=cmd|calc@x.test' where id = :id returning 1", id=bought.customer.id
    )
    await counter.till.rows("update shop.product set title_en = E'\\t=1+1', title_zh = '@SUM(1)' returning 1")
    await as_staff(client, counter)
    file = (await client.get("/desk/aftersales/export", headers=HTML)).content.decode("utf-8-sig")
    assert "'=cmd|calc@x.test" in file
    assert "'\t=1+1" in file
    assert "只有客服能看" not in file
    assert await counter.till.rows("select count(*) from shop.staff_act where act = 'export_cases'") == [(1,)]


async def test_words_have_a_limit(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_customer(client, counter, bought)
    long = {"idempotency_key": uuid4().hex, "words": "长" * (MOST_WORDS + 1)}
    assert (await send(client, f"/cases/{opened.id}/messages", **long)).status_code == 422


async def test_a_case_is_taken_or_handed_to_a_colleague_who_may_settle_it(client: Client, counter: Counter) -> None:
    bought = await counter.bought(shown=True)
    opened = await counter.complain(bought)
    await as_staff(client, counter, "auditor")
    await as_staff(client, counter, "operator")
    staff = dict(await counter.till.rows("select display_name, public_id from shop.staff"))
    desk = f"/desk/aftersales/{opened.id}"
    form = {"idempotency_key": uuid4().hex, "seen": "0"}
    assert (await send(client, f"{desk}/take", **form)).status_code == 303
    assert "taken by operator Wang" in (await page(client, desk))[1].text
    handed = {"idempotency_key": uuid4().hex, "seen": "1", "colleague": str(staff["Op"])}
    assert (await send(client, f"{desk}/take", **handed)).headers["location"] == f"{desk}?done=assign"
    assert "taken by Op" in (await page(client, desk))[1].text
    wrong = {"idempotency_key": uuid4().hex, "seen": "2", "colleague": str(staff["auditor Wang"])}
    assert (await send(client, f"{desk}/take", **wrong)).status_code == 404
