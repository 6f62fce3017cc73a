"""What customers and support staff see of benefits: in both languages, only their own, codes only when asked for."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from mingsuan import clock
from tests.transactional.benefits.conftest import Counter
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, send, visit
from transactional.accounts import service as accounts
from transactional.accounts import tokens
from transactional.accounts.models import Session
from transactional.db import writing
from transactional.edge import STAFF_COOKIE

pytestmark = pytest.mark.anyio
CODE = "VIDEO-0000"
"""How all codes of these tests begin."""


async def bought(counter: Counter, count: int = 1, *, with_provider: bool = True) -> list[str]:
    """Addresses of benefits of the customer whom the client is now."""
    sku, li = await counter.goods("VIDEO", 5), await counter.market.customer("li")
    if with_provider:
        await counter.at_provider(sku)
    await counter.buy(li, sku, count)
    await counter.as_customer(li)
    await visit(counter.client, "/benefits")
    return [f"/benefits/{each.id}" for each in await counter.owned(li)]


async def as_staff(counter: Counter, role: str = "owner") -> None:
    email = f"{role}@example.com"
    token, until = tokens.new(), clock.now() + timedelta(days=1)
    async with writing(counter.shop.engine) as session:
        clerk = await accounts.add_staff(session, email, "correct horse battery", role, role)
        session.add(Session(token_sha256=tokens.digest(token), expires_at=until, staff_id=clerk.id))
    counter.client.cookies.set(STAFF_COOKIE, token, domain="shop.test")


def sound(html: str, language: str = "en") -> Seen:
    seen = Seen(html)
    assert seen.faults == []
    assert len(seen.headings) == 1
    assert seen.language == language
    return seen


async def test_pages_read_well_in_both_languages_and_break_no_rule(counter: Counter) -> None:
    [address] = await bought(counter)
    way = await send(counter.client, "/benefits/activate", only=address.rpartition("/")[2])
    await as_staff(counter)
    li = "li@example.com"
    for path, words in (
        ("/benefits", ("我的权益", "My benefits")),
        ("/benefits?state=over", ("没有符合条件的权益", "Nothing like this")),
        ("/benefits?kind=membership&q=none", ("没有符合条件的权益", "Nothing like this")),
        (address, ("可使用", "Ready to use")),
        (way.headers["location"], ("正在前往示例会员", "On the way to Sample")),
        ("/desk/benefits", ("用户权益", "Benefits of a customer")),
        (f"/desk/benefits/{li}", ("VIDEO", "VIDEO")),
        (f"/desk/benefits/one/{address.rpartition('/')[2]}", ("激活记录", "Attempts at the provider")),
        ("/desk/providers", ("权益服务商", "Providers of benefits")),
    ):
        for language, word in zip(("zh-CN", "en"), words, strict=True):
            page = await counter.client.get(path, headers={**HTML, "accept-language": language})
            assert page.status_code == 200, path
            assert word in sound(page.text, language).text
            assert CODE not in page.text


async def test_somebody_who_owns_nothing_is_told_what_comes_here(counter: Counter) -> None:
    await counter.as_customer(await counter.market.customer("new"))
    assert "You own nothing yet" in sound((await counter.client.get("/benefits", headers=HTML)).text).text


async def test_what_was_just_bought_is_there_at_once_without_a_sweep(counter: Counter) -> None:
    [address] = await bought(counter)
    assert "Ready to use" in (await visit(counter.client, address)).text


async def test_a_code_is_in_the_answer_to_the_deliberate_act_and_nowhere_else(counter: Counter) -> None:
    [address] = await bought(counter)
    answer = await send(counter.client, f"{address}/reveal")
    assert CODE in sound(answer.text).text
    assert answer.headers["cache-control"] == "no-store"
    for path in (address, "/benefits"):
        assert CODE not in (await counter.client.get(path, headers=HTML)).text
    assert "Code shown" in (await visit(counter.client, address)).text


async def test_the_whole_way_to_the_provider_and_back(counter: Counter) -> None:
    [address] = await bought(counter)
    sent = await send(counter.client, "/benefits/activate", only=address.rpartition("/")[2])
    assert sent.status_code == 303
    page = await counter.client.get(sent.headers["location"], headers=HTML)
    assert 'http-equiv="refresh"' in page.text
    found = re.search(r'content="0; url=([^"]+)"', page.text)
    assert found is not None
    came = await counter.go_to(unescape(found.group(1)))
    await counter.decide(came, "activated", {"ref": "a-1", "label": "138****8000"})
    back = await counter.client.get(urlsplit(came.return_url).path, headers=HTML)
    assert (back.status_code, back.headers["location"]) == (303, address)
    assert "In force" in (await visit(counter.client, address)).text
    assert "138****8000" in (await visit(counter.client, "/benefits?state=activated")).text
    assert "This way is over" in (await visit(counter.client, sent.headers["location"])).text


async def test_a_stranger_finds_nothing_of_anybody_elses(counter: Counter) -> None:
    [address] = await bought(counter)
    way = (await send(counter.client, "/benefits/activate", only=address.rpartition("/")[2])).headers["location"]
    benefit = address.rpartition("/")[2]
    await counter.as_customer(await counter.market.customer("eve"))
    client = counter.client
    answers: list[httpx.Response] = [
        await client.get(address, headers=HTML),
        await client.get(f"/api/v1{address}"),
        await client.get(way, headers=HTML),
        await client.get(way.replace("launches", "returns"), headers=HTML),
        await send(client, f"{address}/reveal"),
        await send(client, f"{address}/used", used="true"),
        await send(client, f"{address}/ask"),
        await send(client, "/benefits/activate", only=benefit),
        await send(client, f"/benefits/accounts/{uuid4()}/remove"),
        await client.post("/api/v1/benefits/launches", json={"benefit_ids": [benefit]}),
        await client.put(f"/api/v1{address}/used-mark", json={"used": True}),
    ]
    assert [answer.status_code for answer in answers] == [404] * len(answers)


async def test_support_staff_bring_a_customer_in_step_once_a_form_and_on_record(counter: Counter) -> None:
    [address] = await bought(counter, with_provider=False)
    await as_staff(counter, "operator")
    form = (await visit(counter.client, "/desk/benefits/li@example.com")).fields
    for _ in range(2):
        done = await send(counter.client, "/desk/benefits/li@example.com/resync", **form)
        assert done.status_code == 303
    acts = await counter.market.rows("select act, subject from shop.staff_act")
    assert [act for act, _ in acts] == ["resync_benefits"]
    assert "li@example.com" not in acts[0][1]
    assert CODE not in (await visit(counter.client, f"/desk/benefits/one/{address.rpartition('/')[2]}")).text
    assert (await counter.client.get("/desk/providers", headers=HTML)).status_code == 403


async def test_a_providers_secret_is_shown_once_by_the_answer_that_made_it(counter: Counter) -> None:
    await as_staff(counter)
    made = await send(
        counter.client,
        "/desk/providers",
        key="films",
        name_zh="影视",
        name_en="Films",
        launch_url="https://films.test/activate",
        api_url="https://films.test/api",
    )
    assert "whsec_" in sound(made.text).text
    assert "whsec_" not in (await visit(counter.client, "/desk/providers")).text
    again = await send(
        counter.client, "/desk/providers", key="films", name_zh="x", name_en="x", launch_url="ftp://x", api_url="x"
    )
    assert again.status_code == 422
    renewed = await send(counter.client, "/desk/providers/films/secret", idempotency_key="form-1-films")
    assert "whsec_" in renewed.text
    repeated = await send(counter.client, "/desk/providers/films/secret", idempotency_key="form-1-films")
    assert "whsec_" not in repeated.text
