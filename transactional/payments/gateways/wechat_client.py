"""Calls to WeChat Pay v3 through its Python library: addresses, time-outs, and what an answer may be worth.

What the calls mean belongs to wechat.py; notices come in through wechat_notice.py.
"""

import asyncio
import json
from collections.abc import Awaitable, Mapping
from datetime import datetime
from typing import Any

import httpx
from wechatpayv3.async_ import AsyncWeChatPay, WeChatPayType  # type: ignore[import-untyped]

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.interface import GatewayRefusedError
from transactional.payments.gateways.wechat_words import untrusted

CONNECT_SECONDS = 3.0
CALL_SECONDS = 10.0
DOWNLOAD_SECONDS = 60.0
DOWNLOADS = "/v3/billdownload/"
CERTAIN_STATUSES = frozenset({400, 403, 404})
"""Others say nothing for certain: 401 means that keys or clocks are wrong, 429 that the same may be asked later."""
UNKNOWN_CODES = frozenset(
    {"SYSTEM_ERROR", "SYSTEMERROR", "BANK_ERROR", "BANKERROR", "USERPAYING", "FREQUENCY_LIMITED", "RATELIMIT_EXCEEDED"}
)


class WechatClient:
    """`public_key` is the platform's, named `public_key_id`; keys are PEM. `url` is the gateway's address.

    Raises ValueError when a key is none. `transport` takes the network's place in tests.
    """

    def __init__(
        self,
        mchid: str,
        appid: str,
        serial_no: str,
        private_key: str,
        api_v3_key: str,
        public_key: str,
        public_key_id: str,
        url: str,
        *,
        connect_seconds: float = CONNECT_SECONDS,
        call_seconds: float = CALL_SECONDS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.mchid, self.appid, self.public_key_id = mchid, appid, public_key_id
        self._call_seconds = call_seconds
        try:
            self.library = AsyncWeChatPay(
                WeChatPayType.NATIVE,
                mchid,
                private_key,
                serial_no,
                appid,
                api_v3_key,
                public_key=public_key,
                public_key_id=public_key_id,
            )
        except Exception as error:  # the library raises nothing narrower
            raise ValueError(f"WeChat Pay: {error}") from error
        self._core = self.library._core  # the library knows only the real address and keeps its client to itself
        self._core._gate_way = self.url = url.rstrip("/")
        self._downloads = httpx.URL(self.url).path.rstrip("/") + DOWNLOADS
        timeout = httpx.Timeout(call_seconds, connect=connect_seconds)
        self._core._client = self._http = httpx.AsyncClient(
            timeout=timeout, transport=transport, event_hooks={"response": [self._check_answer]}
        )

    async def aclose(self) -> None:
        await self._http.aclose()

    async def call(self, request: Awaitable[tuple[int, str | bytes]]) -> dict[str, Any]:
        """The JSON of a 2xx answer, signed by the gateway; empty for 204.

        Raises GatewayRefusedError when the gateway says no under its signature, UnknownOutcomeError for all else.
        """
        status, text = await self._answered(request, self._call_seconds)
        said = _object(text) if text else {}
        if 200 <= status < 300:
            return said
        code, message = str(said.get("code", "")), str(said.get("message", ""))
        if status not in CERTAIN_STATUSES or not code or code in UNKNOWN_CODES:
            raise UnknownOutcomeError(f"{status} {code} {message}".strip(), status)
        raise GatewayRefusedError(code, message, status)

    async def download(self, url: str) -> bytes:
        """A bill's file. Its answer is not signed: the caller checks the hash that a signed answer told.

        Raises UnknownOutcomeError.
        """
        if not url.startswith(f"{self.url}{DOWNLOADS}"):
            raise UnknownOutcomeError("the bill lies at an address that is not the gateway's")
        status, content = await self._answered(self.library.download_bill(url), DOWNLOAD_SECONDS)
        if status != 200:
            raise UnknownOutcomeError("the bill could not be downloaded", status)
        return content if isinstance(content, bytes) else content.encode()

    def verified(self, headers: Mapping[str, str], text: str) -> bool:
        """Whether the platform's signature in the headers is this text's; the serial is checked by the caller before.

        The library raises what it likes for headers that it cannot use.
        """
        return bool(self._core._verify_signature(headers, text))

    def opened(self, headers: Mapping[str, str], text: str) -> object:
        """A notice with its resource decrypted; None when it cannot be. Raises as `verified`."""
        return self.library.callback(dict(headers), text)

    def sign(self, *parts: str) -> str:
        """The merchant's signature over lines of text, as JSAPI wants it."""
        return str(self.library.sign(list(parts)))

    async def _answered(self, request: Awaitable[tuple[int, str | bytes]], seconds: float) -> tuple[int, str | bytes]:
        try:
            async with asyncio.timeout(seconds):
                return await request
        except UnknownOutcomeError:
            raise
        except TimeoutError as error:
            raise UnknownOutcomeError(f"no answer within {seconds:g} s") from error
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(f"no answer: {type(error).__name__}") from error
        except Exception as error:  # the library raises bare Exceptions
            raise UnknownOutcomeError(str(error)) from error

    async def _check_answer(self, answer: httpx.Response) -> None:
        """Every answer, refusals too, must be signed; the library looks at 2xx only and asks for keys it lacks."""
        if answer.is_success and answer.request.url.path.startswith(self._downloads):
            return
        problem = untrusted(answer.headers, self.public_key_id, clock.now())
        if problem is not None:
            raise UnknownOutcomeError(f"an answer that proves nothing: {problem[1]}", answer.status_code)
        await answer.aread()
        if not self.verified(answer.headers, answer.text):
            raise UnknownOutcomeError("an answer with a wrong signature", answer.status_code)


def _object(text: str | bytes) -> dict[str, Any]:
    try:
        said = json.loads(text)
    except ValueError as error:
        raise UnknownOutcomeError("an answer that is not JSON") from error
    if not isinstance(said, dict):
        raise UnknownOutcomeError("an answer that is not an object")
    return said


def since_epoch(at: datetime) -> str:
    """Whole seconds, as WeChat Pay writes instants that it signs."""
    return str(int(at.timestamp()))
