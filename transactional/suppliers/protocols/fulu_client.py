"""Calls to a Fulu gateway: one address, everything in `biz_content`, answers checked against their signature.

What the calls mean belongs to fulu.py.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import httpx

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols import fulu_signing as signing
from transactional.suppliers.protocols.calling import Caller
from transactional.suppliers.protocols.fulu_words import written


class FuluCodeError(Exception):
    """The gateway answered with a code other than 0; what it proves is the caller's to know."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code, self.message = code, message


class FuluClient:
    """`url` is the gateway's one address."""

    def __init__(
        self, url: str, app_key: str, secret: str, patience_s: int, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url, self.app_key, self._secret = url, app_key, secret
        self._caller = Caller(patience_s, transport)

    async def call(self, method: str, biz: Mapping[str, object]) -> Any:
        """The `result` of a signed answer with code 0, decimals exact.

        Raises FuluCodeError, NotSentError when nothing can have arrived, UnknownOutcomeError for all else.
        """
        parameters = {
            "app_key": self.app_key,
            "method": method,
            "timestamp": written(clock.now()),
            "version": "2.0",
            "format": "json",
            "charset": "utf-8",
            "sign_type": "md5",
            "app_auth_token": "",
            "biz_content": json.dumps(biz, ensure_ascii=False, separators=(",", ":")),
        }
        parameters["sign"] = signing.of_parameters(parameters, self._secret)
        body = json.dumps(parameters, ensure_ascii=False).encode()
        reply = await self._caller.call("POST", self.url, headers={"content-type": "application/json"}, body=body)
        if reply.status != 200:
            raise UnknownOutcomeError(f"{method}: HTTP {reply.status}", reply.status)
        return self._result(method, reply.told())

    async def file(self, url: str) -> bytes:
        """A file that the supplier named. Raises UnknownOutcomeError."""
        reply = await self._caller.call("GET", url)
        if reply.status != 200:
            raise UnknownOutcomeError(f"a file: HTTP {reply.status}", reply.status)
        return reply.body

    async def aclose(self) -> None:
        await self._caller.aclose()

    def _result(self, method: str, told: object) -> Any:
        if not isinstance(told, dict) or not isinstance(told.get("result"), str):
            raise UnknownOutcomeError(f"{method}: an answer of no known form")
        result: str = told["result"]
        if not signing.same(told.get("sign"), signing.of_text(result, self._secret)):
            raise UnknownOutcomeError(f"{method}: the answer is badly signed")
        try:
            if (code := int(str(told["code"]))) != 0:
                raise FuluCodeError(code, str(told.get("message", ""))[:200])
            return json.loads(result, parse_float=Decimal)
        except (KeyError, TypeError, ValueError) as error:
            raise UnknownOutcomeError(f"{method}: the answer cannot be read") from error
