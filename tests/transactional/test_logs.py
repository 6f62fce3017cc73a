"""The log: one JSON object a line, by the route's template, and never a person, a secret or a body."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client, log_in_customer
from tests.transactional.small_shop import Stocked
from transactional import logs
from transactional.db import writing
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
CODE = "STEAM-SECRET-4711"
EMAIL = "wei.wang@example.com"


@pytest.fixture
def written(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What goes to standard output, at the lowest level that can be asked for."""
    out = io.StringIO()
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    monkeypatch.setattr("sys.stdout", out)
    logs.configure("json", logging.DEBUG)
    yield out
    root.handlers[:] = before
    root.setLevel(level)
    for name in (*logs.TALKATIVE, "procrastinate"):
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.getLogger("uvicorn.access").disabled = False


def _lines(written: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in written.getvalue().splitlines()]


async def test_a_request_is_one_line_with_its_name_template_status_and_time(
    shop: Shop, fresh_database: DatabaseUrls, written: io.StringIO
) -> None:
    async with Client(shop, fresh_database) as client:
        answer = await client.get("/api/v1/orders/M123?token=hidden")
    [line] = [found for found in _lines(written) if found["logger"] == "mingsuan.requests"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert (line["method"], line["route"], line["status"]) == ("GET", "/api/v1/orders/{order_no}", 401)
    assert line["duration_ms"] > 0
    assert line["level"] == "INFO"
    assert line["at"].endswith("+00:00")


async def test_persons_passwords_and_codes_never_appear(
    stocked: Stocked, fresh_database: DatabaseUrls, written: io.StringIO
) -> None:
    async with Client(stocked.shop, fresh_database) as client:
        await log_in_customer(client, EMAIL)
        await client.get(f"/api/v1/products?q={quote(EMAIL)}")
        await client.post("/api/v1/session", json={"identifier": EMAIL, "password": PASSWORD + "!"})
        await stocked.stock([CODE])
        with pytest.raises(Exception, match="refused"):
            await stocked.stock([CODE])
    said = written.getvalue()
    assert said.count("\n") >= 3
    for secret in (EMAIL, EMAIL.split("@", maxsplit=1)[0], quote(EMAIL), PASSWORD, CODE, "token="):
        assert secret not in said


async def test_a_failure_is_told_by_kind_and_place_not_by_the_rows_it_quotes(
    shop: Shop, fresh_database: DatabaseUrls, written: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: object, **__: object) -> None:
        async with writing(shop.engine) as session:
            for _n in range(2):
                await session.execute(
                    text("insert into shop.customer (email, public_id) values (:e, :p)"), {"e": EMAIL, "p": uuid4()}
                )

    monkeypatch.setattr("transactional.catalogue.service.categories", fails)
    async with Client(shop, fresh_database) as client:
        answer = await client.get("/api/v1/categories")
    assert answer.status_code == 500
    [line] = [found for found in _lines(written) if found["logger"] == "mingsuan.shop"]
    assert line["request_id"] == answer.headers["x-request-id"]
    assert "sqlalchemy.exc.IntegrityError" in line["exception"]
    assert "UniqueViolation (23505, customer_email_key)" in line["exception"]
    assert "test_logs.py" in line["exception"]
    assert EMAIL not in written.getvalue()
    assert EMAIL in str(await _words(fails))  # so that the line above means something


async def _words(fails: Any) -> BaseException:
    try:
        await fails()
    except IntegrityError as error:
        return error
    raise AssertionError


def test_text_lines_hold_no_more_than_json_ones(written: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", written)
    logs.configure("text", logging.DEBUG)
    try:
        raise ValueError(EMAIL)
    except ValueError:
        logging.getLogger("mingsuan.shop").exception("a request failed")
    assert "builtins.ValueError" in written.getvalue()
    assert EMAIL not in written.getvalue()
