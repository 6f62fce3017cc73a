"""Known telephone and identity numbers, names and streets that went through every flow are nowhere in clear.

Not in `pg_dump`, whatever the disguise, nor in the logs of shop, worker and database server at their most talkative,
nor in what strangers and other customers are answered.
"""

import html
import io
import logging
import re
import subprocess
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation import identity as simulated
from tests.faults.disguises import KEPT, found_in
from tests.faults.test_no_plaintext import pg_dump
from tests.transactional.accounts.logged_in import new_customer
from tests.transactional.accounts.sent_codes import last_code
from tests.transactional.api_client import Client
from tests.transactional.orders.goods import Market
from transactional.accounts.persons import contacts, identity_checks
from transactional.accounts.persons.identity_http import SignedProvider
from transactional.accounts.persons.identity_rules import check_character
from transactional.accounts.service import record_act
from transactional.catalogue.forms import FormField
from transactional.db import engine, reading, writing
from transactional.orders.jobs import seal_answers
from transactional.shop import Shop, open_shop
from transactional.worker import worker_app

pytestmark = [pytest.mark.proof, pytest.mark.anyio]
NUMBER = "33010619900307437" + check_character("33010619900307437")
WRONG_NUMBER = "44010619910408219" + check_character("44010619910408219")
OWN_PHONE, NEW_PHONE, ADDRESS_PHONE, ANSWER_PHONE = "13917264805", "15868413927", "18627950314", "13358402796"
NAME, STREET, GAMER = "欧阳测试验", "known-street 7731 东路", "known-gamer-51873"
WORDS = "my words 90817-known and phone 17742069385"
SECRETS = [NUMBER, WRONG_NUMBER, OWN_PHONE, NEW_PHONE, ADDRESS_PHONE, ANSWER_PHONE, NAME, STREET, GAMER, WORDS]
PADDING = "x" * KEPT
"""The search lets the first and last signs of a secret pass: here every sign counts."""
UNKEPT = {WRONG_NUMBER, OWN_PHONE}
"""Replaced by others since: kept for the record of a refusal, or not at all."""
ACCOUNT = FormField(name="account", label_zh="充值账号", label_en="Account")
PHONE = FormField(name="phone", label_zh="手机号", label_en="Phone", kind="phone")
LINK = re.compile(r'href="(/[^"#]*)')


@dataclass
class Watch:
    """What was logged at DEBUG, and what people other than the owner of the data were answered."""

    log: io.StringIO = field(default_factory=io.StringIO)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    async def keep(self, answer: httpx.Response) -> None:
        self.answers.append((f"{answer.request.method} {answer.request.url.path}", await answer.aread()))

    def places(self) -> dict[str, bytes]:
        told = {f"answer {number} to {name}": body for number, (name, body) in enumerate(self.answers)}
        return {"logs": self.log.getvalue().encode(), **told}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Every logger speaks at DEBUG; the shop's database layer tells every statement, with its values hidden."""
    seen = Watch()
    handler = logging.StreamHandler(seen.log)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)s"))
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger("sqlalchemy").setLevel(logging.INFO)  # at DEBUG it tells rows, ours and everybody's
    logging.getLogger().addHandler(handler)
    yield seen
    logging.getLogger().removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)


@pytest.fixture
async def registry() -> simulated.Registry:
    return simulated.Registry(b"the secret of the provider", now=clock.now)


@pytest.fixture
async def shop(
    fresh_database: DatabaseUrls, tmp_path: Path, registry: simulated.Registry, watch: Watch
) -> AsyncIterator[Shop]:
    app = FastAPI()
    app.include_router(simulated.router(registry), prefix="/identity")
    source = engine(fresh_database.app, echo=True)
    provider = SignedProvider("http://id.test/identity", simulated.APP_ID, registry.secret, httpx.ASGITransport(app))
    opened = await open_shop(Settings(var=tmp_path, language="zh_CN"), source)
    yield replace(opened, identity=provider)
    await provider.aclose()
    await source.dispose()


@dataclass(frozen=True)
class Scene:
    """A shop that is watched, and a shopper who tells it everything."""

    shop: Shop
    urls: DatabaseUrls
    watch: Watch
    shopper: Client
    registry: simulated.Registry

    async def form(self, address: str, status: int = 303, **data: str) -> httpx.Response:
        answer = await self.shopper.post(address, data=data)
        assert answer.status_code == status, f"{address}: {answer.status_code} {answer.text[:500]}"
        return answer

    async def places(self) -> dict[str, bytes]:
        done = subprocess.run([str(pg_dump()), "--dbname", self.urls.owner], check=True, capture_output=True)
        assert b"known-mark" in done.stdout  # data are in it
        server = Path(str(conninfo_to_dict(self.urls.owner)["host"])) / "log"
        return {"dump": done.stdout, "server's log": server.read_bytes(), **self.watch.places()}


@pytest.fixture
async def scene(
    shop: Shop, fresh_database: DatabaseUrls, watch: Watch, registry: simulated.Registry
) -> AsyncIterator[Scene]:
    async with Client(shop, fresh_database) as shopper:
        yield Scene(shop, fresh_database, watch, shopper, registry)


async def come_in_by_telephone(scene: Scene) -> int:
    """Registers with a number, logs out and in by code, then takes another number."""
    own, new = f"+86{OWN_PHONE}", f"+86{NEW_PHONE}"
    await scene.form("/register", identifier=OWN_PHONE, agree="yes")
    await scene.form("/register/code", 422, code="000000")
    await scene.form("/register/code", code=await last_code(scene.shop, own))
    await scene.form("/log-out")
    await scene.form("/log-in", 401, identifier=OWN_PHONE, password="not the password")
    await scene.form("/log-in/by-code", identifier=OWN_PHONE)
    await scene.form("/log-in/code", code=await last_code(scene.shop, own))
    await scene.form("/account/contacts", identifier=NEW_PHONE)
    await scene.form("/account/contacts/code", code=await last_code(scene.shop, new))
    async with reading(scene.shop.engine) as session:
        found = await contacts.customer_by_phone(session, scene.shop.vault, new)
    assert found is not None
    return found.id


async def say_where_to_live(scene: Scene) -> None:
    home = {"recipient": NAME, "phone": ADDRESS_PHONE, "province": "浙江省", "city": "杭州市", "street": STREET}
    for _ in range(2):
        saved = await scene.shopper.command("/addresses", home, "one key")
        assert saved.status_code == 201, saved.text
    assert (await scene.shopper.command("/addresses", {**home, "province": STREET})).status_code == 422
    key = {"idempotency_key": uuid4().hex}
    await scene.form("/addresses/new", 422, **home, postcode=ADDRESS_PHONE, **key)
    await scene.form("/addresses/new", **home, **key)
    await scene.form(f"/addresses/{saved.json()['id']}", **{**home, "city": "宁波市"})
    assert STREET in (await scene.shopper.get("/addresses")).text


async def order_with_answers(scene: Scene, customer_id: int) -> str:
    """By page and API, refused and taken, repeated; one row as an earlier version left it, sealed by the job."""
    market = Market(scene.shop)
    topup = await market.sku("TOPUP", "manual_service", form=(ACCOUNT, PHONE), price_fen=500)
    async with writing(scene.shop.engine) as session:
        await session.execute(
            text("update shop.wallet set balance_fen = 100000 where customer_id = :id"), {"id": customer_id}
        )
    answers = {"account": GAMER, "phone": ANSWER_PHONE}
    items = [{"sku_id": str(topup.id), "quantity": 1, "form_answers": answers}]
    wrong = [{**items[0], "form_answers": {"account": GAMER, "phone": f"{ANSWER_PHONE} {GAMER}"}}]
    assert (await scene.shopper.command("/checkout", {"items": wrong})).status_code == 422
    for _ in range(2):
        placed = await scene.shopper.command("/checkout", {"items": items}, "one order")
        assert placed.status_code == 201, placed.text
    number: str = placed.json()["order_no"]
    paid = await scene.shopper.command(f"/orders/{number}/payments", {"method": "wallet"}, "pay")
    assert paid.status_code == 201, paid.text
    assert GAMER in (await scene.shopper.read(f"/orders/{number}")).text
    old = await scene.shopper.command("/checkout", {"items": items}, "an old order")
    async with writing(scene.shop.engine) as session:
        clear = (
            "update shop.order_item set sealed_answers = null, answers_key_id = null,"
            " form_answers = jsonb_build_object('account', cast(:gamer as text)) from shop.orders as o"
            " where o.id = order_item.order_id and o.order_no = :number"
        )
        await session.execute(text(clear), {"gamer": GAMER, "number": old.json()["order_no"]})
    assert await seal_answers(scene.shop) == 1
    return number


async def be_checked(scene: Scene) -> None:
    """A typing error, a mismatch, an answer that is lost, and the outcome by the worker's own job."""
    form = {"name": NAME, "agreed": "yes"}
    await scene.form("/account/identity", 422, **form, number=NUMBER[:-1], idempotency_key=uuid4().hex)
    mismatch = {**form, "name": f"{NAME}不", "number": WRONG_NUMBER}
    await scene.form("/account/identity", **mismatch, idempotency_key=uuid4().hex)
    scene.registry.faults.append("server_error_after")
    await scene.form("/account/identity", **form, number=NUMBER, idempotency_key=uuid4().hex)
    with clock.at(clock.now() + timedelta(minutes=2)):
        assert await identity_checks.ask_due(scene.shop) == 1
    assert (await scene.shopper.read("/identity")).json()["state"] == "verified"


async def ask_for_help(scene: Scene, order_no: str) -> None:
    order = (await scene.shopper.read(f"/orders/{order_no}")).json()
    units = [unit["id"] for item in order["items"] for unit in item["units"]]
    asked = {"order_no": order_no, "unit_ids": units, "reason": "other", "words": WORDS}
    opened = await scene.shopper.command("/cases", asked, "a case")
    assert opened.status_code == 201, opened.text
    assert (await scene.shopper.command("/cases", asked, "a case")).json() == opened.json()


async def look_around(scene: Scene, client: Client, *addresses: str) -> None:
    """Every page that a link leads to, every list of the API, and the shopper's own addresses."""
    client.event_hooks["response"] = [scene.watch.keep]
    paths = {path for path, methods in client.app.openapi()["paths"].items() if "get" in methods and "{" not in path}
    seen: set[str] = set()
    waiting = {*paths, *addresses, "/", "/orders", "/account", "/addresses", "/account/identity", "/account/data"}
    waiting |= {"/account/contacts", "/account/data/export", "/cases", "/desk", "/desk/customers"}
    while waiting:
        seen |= waiting
        answers = [await client.get(path) for path in sorted(waiting)]
        assert [answer.url.path for answer in answers if answer.status_code >= 500] == []
        waiting = {html.unescape(link) for answer in answers for link in LINK.findall(answer.text)} - seen


async def test_who_somebody_is_shows_nowhere(scene: Scene) -> None:
    customer_id = await come_in_by_telephone(scene)
    await say_where_to_live(scene)
    order_no = await order_with_answers(scene, customer_id)
    await be_checked(scene)
    await ask_for_help(scene, order_no)
    async with writing(scene.shop.engine) as session:
        await record_act(session, None, "let_back_in", "staff:nobody", reason="known-mark")
    async with worker_app(scene.urls.app, lambda: scene.shop).open_async() as jobs:
        await jobs.run_worker_async(wait=False, install_signal_handlers=False)
    own = [each["id"] for each in (await scene.shopper.read("/addresses")).json()["items"]]
    check = "select public_id from shop.identity_check order by id desc limit 1"
    async with reading(scene.shop.engine) as session:
        check_id = await session.scalar(text(check))
    theirs = [f"/orders/{order_no}", f"/api/v1/orders/{order_no}", *(f"/addresses/{each}" for each in own)]
    theirs += [f"/desk/identity/{check_id}", f"/api/v1/staff/orders/{order_no}", f"/desk/orders/{order_no}"]
    async with Client(scene.shop, scene.urls) as nobody, Client(scene.shop, scene.urls) as other:
        await new_customer(other, scene.shop)
        for client in (nobody, other):
            await look_around(scene, client, *theirs)
    assert len(scene.watch.answers) > 60
    assert len(scene.watch.log.getvalue()) > 100_000
    assert found_in(await scene.places(), [f"{PADDING}{secret}{PADDING}" for secret in SECRETS]) == []
    told = (await scene.shopper.get("/account/data/export")).text
    assert {secret for secret in SECRETS if secret not in told} == UNKEPT


@pytest.mark.parametrize("secret", SECRETS)
def test_the_search_would_find_it(secret: str) -> None:
    whole = f"{PADDING}{secret}{PADDING}"
    leaks = [secret.encode(), secret.encode().hex().encode(), b64encode(b"+86" + secret.encode())]
    assert [leak for leak in leaks if not found_in({"a place": leak}, [whole])] == []
    assert found_in({"a place": b"138****8000 and nothing else"}, [whole]) == []
