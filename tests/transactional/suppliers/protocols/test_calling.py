"""Calls to suppliers: what cannot have arrived is told apart from what may have, and no redirection is followed."""

from collections.abc import AsyncIterator, Callable
from datetime import date

import anyio
import httpx
import pytest

from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import calling
from transactional.suppliers.protocols.calling import Caller, NotSentError, Reply, file_name, within

pytestmark = pytest.mark.anyio
URL = "https://supplier.test/orders"


def caller(answer: Callable[[httpx.Request], httpx.Response]) -> Caller:
    return Caller(1, httpx.MockTransport(answer))


def failing(error: Exception) -> Caller:
    def fail(_: httpx.Request) -> httpx.Response:
        raise error

    return caller(fail)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (httpx.ConnectError("refused"), NotSentError),
        (httpx.ConnectTimeout("slow"), NotSentError),
        (httpx.PoolTimeout("busy"), NotSentError),
        (httpx.WriteError("broken"), UnknownOutcomeError),
        (httpx.ReadError("broken"), UnknownOutcomeError),
        (httpx.ReadTimeout("slow"), UnknownOutcomeError),
        (httpx.RemoteProtocolError("no answer"), UnknownOutcomeError),
    ],
)
async def test_only_what_never_connected_was_not_sent(error: Exception, kind: type[Exception]) -> None:
    with pytest.raises(UnknownOutcomeError) as unknown:
        await failing(error).call("POST", URL, body=b"{}")
    assert type(unknown.value) is kind


async def test_a_key_that_no_header_can_hold_is_not_sent() -> None:
    with pytest.raises(NotSentError):
        await caller(lambda _: httpx.Response(200)).call("POST", URL, headers={"Key": "密钥"})


async def test_an_answer_that_drips_is_given_up_in_time() -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"."
            await anyio.sleep(0.3)

    with pytest.raises(UnknownOutcomeError, match="within 1 s"):
        await caller(lambda _: httpx.Response(200, content=drip())).call("GET", URL)


async def test_an_answer_larger_than_any_is_not_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "ANSWER_BYTES_AT_MOST", 10)
    with pytest.raises(UnknownOutcomeError, match="larger"):
        await caller(lambda _: httpx.Response(200, content=b"x" * 11)).call("GET", URL)


async def test_a_redirection_is_an_answer_and_is_not_followed() -> None:
    asked: list[str] = []

    def move(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(307, headers={"Location": "https://elsewhere.test/"})

    assert (await caller(move).call("POST", URL, body=b"{}")).status == 307
    assert asked == [URL]


async def test_a_part_that_takes_too_long_is_not_known() -> None:
    with pytest.raises(UnknownOutcomeError, match=r"within 0\.05 s"):
        await within(0.05, anyio.sleep(5))


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b'{"a": Infinity}', b"\xff"])
async def test_what_is_no_json_proves_nothing(body: bytes) -> None:
    with pytest.raises(UnknownOutcomeError, match="not JSON"):
        Reply(200, body).told()


async def test_decimals_are_exact() -> None:
    assert str(Reply(200, b'{"a": 0.1000000000000000055511151231257827}').told()) == (
        "{'a': Decimal('0.1000000000000000055511151231257827')}"
    )


async def test_a_statement_is_named_after_what_it_is() -> None:
    assert file_name("reloadly", date(2026, 3, 1), b"PK\x03\x04") == "reloadly-2026-03-01.xlsx"
    assert file_name("hmac_card", date(2026, 3, 1), b"\xef\xbb\xbfline_no") == "hmac_card-2026-03-01.csv"
