"""One HTTP call to a supplier: whether it was sent, and what came back. What an answer means belongs to the adapters.

Nothing is repeated and no redirection is followed: a redirected order could be bought in two places.
"""

import asyncio
import json
import ssl
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import NoReturn, TypeVar

import httpx

from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols.interface import NOT_SENT, SupplierRefusedError

CONNECT_SECONDS = 3.0
ANSWER_BYTES_AT_MOST = 16 * 1024 * 1024
Result = TypeVar("Result")


class NotSentError(UnknownOutcomeError):
    """The call never left: no connection could be made, or something that it needs first could not be had."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer as it came."""

    status: int
    body: bytes

    def told(self) -> object:
        """Its JSON with exact decimals. UnknownOutcomeError when it is none."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except ValueError as error:
            raise UnknownOutcomeError(f"{self.status}, an answer that is not JSON", self.status) from error


class Caller:
    """`patience_s` is for a whole call, answer read to its end."""

    def __init__(self, patience_s: int, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._patience_s = patience_s
        timeout = httpx.Timeout(patience_s, connect=min(CONNECT_SECONDS, patience_s))
        self._client = httpx.AsyncClient(
            timeout=timeout, follow_redirects=False, trust_env=False, verify=_trusted(), transport=transport
        )

    async def call(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Reply:
        """Raises NotSentError when it cannot have arrived, UnknownOutcomeError for every other failure."""
        try:
            request = self._client.build_request(method, url, params=query, headers=headers, content=body or None)
        except (httpx.InvalidURL, ValueError) as error:  # a key that no header can hold
            raise NotSentError(f"cannot be sent: {type(error).__name__}") from error
        try:
            async with asyncio.timeout(self._patience_s):
                return await self._answered(request)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            raise NotSentError(f"no connection: {type(error).__name__}") from error
        except TimeoutError as error:
            raise UnknownOutcomeError(f"no answer within {self._patience_s} s") from error
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(f"no answer: {type(error).__name__}") from error

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _answered(self, request: httpx.Request) -> Reply:
        answer = await self._client.send(request, stream=True)
        try:
            content = bytearray()
            async for chunk in answer.aiter_bytes():
                content += chunk
                if len(content) > ANSWER_BYTES_AT_MOST:
                    raise UnknownOutcomeError("an answer larger than any", answer.status_code)
            return Reply(answer.status_code, bytes(content))
        finally:
            await answer.aclose()


async def within(seconds: float, work: Awaitable[Result]) -> Result:
    """A part of an adapter's work, so that all of it ends in time. UnknownOutcomeError when it takes longer."""
    try:
        async with asyncio.timeout(seconds):
            return await work
    except TimeoutError as error:
        raise UnknownOutcomeError(f"no answer within {seconds:g} s") from error


def refused_as_not_sent(error: UnknownOutcomeError) -> SupplierRefusedError:
    """What a submit makes of an order that never left, or of what it needs first: nothing was bought, for certain."""
    return SupplierRefusedError(NOT_SENT, error.reason, error.http_status)


def file_name(protocol: str, day: date, content: bytes) -> str:
    """What a statement is kept as; a workbook is a ZIP archive by its first bytes."""
    return f"{protocol}-{day.isoformat()}.{'xlsx' if content.startswith(b'PK') else 'csv'}"


@cache
def _trusted() -> ssl.SSLContext:
    """Made once: it takes longer than a whole call, and adapters are made for each."""
    return httpx.create_ssl_context(trust_env=False)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number")
