"""Calls to Alipay's open platform through its Python library: threads, time-outs, and what an answer may be worth.

What the calls mean belongs to alipay.py.
"""

import logging
from collections.abc import Mapping
from functools import partial
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError

import anyio
from alipay import AliPay  # type: ignore[import-untyped]
from alipay.exceptions import AliPayException, AliPayValidationError  # type: ignore[import-untyped]
from alipay.utils import AliPayConfig  # type: ignore[import-untyped]

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.alipay_words import written
from transactional.payments.gateways.interface import GatewayRefusedError

SOCKET_SECONDS = 5
CALL_SECONDS = 12
THREADS = 8
"""Calls at a time: the library blocks, and a slow Alipay must not take every thread of the shop."""
BUSINESS_FAILED = "40004"
"""The one code by which Alipay refuses what was asked. The other codes of 4… speak of keys, clocks, rights and load,
20000 of a service that is down: they say nothing about the money."""
UNKNOWN_SUB_CODES = frozenset(
    {
        "ACQ.SYSTEM_ERROR",
        "ACQ.TRADE_SETTLE_ERROR",
        "aop.ACQ.SYSTEM_ERROR",
        "aop.unknow-error",
        "isp.unknow-error",
        "isp.unknown-error",
    }
)
"""Alipay's own documents say of these: it may have happened, query or ask again."""


class _Library(AliPay):  # type: ignore[misc]
    """The library with an address of ours; it knows only the real one and the sandbox."""

    def __init__(self, app_id: str, private_key: str, public_key: str, url: str, seconds: float) -> None:
        config = AliPayConfig(timeout=seconds)
        super().__init__(app_id, None, private_key, public_key, sign_type="RSA2", config=config)
        self._gateway = url
        logging.getLogger("python-alipay-sdk").handlers.clear()  # it put one on the console when it was imported


class AlipayClient:
    """`url` is the gateway's address; keys are PEM. Raises ValueError when a key is none."""

    def __init__(
        self, app_id: str, private_key: str, public_key: str, url: str, socket_seconds: float = SOCKET_SECONDS
    ) -> None:
        self.app_id, self.url = app_id, url
        self._library = _Library(app_id, private_key, public_key, url, socket_seconds)
        self._threads = anyio.CapacityLimiter(THREADS)

    async def call(self, method: str, biz: Mapping[str, object], notify_url: str | None = None) -> dict[str, Any]:
        """The signed and successful answer (code 10000).

        Raises GatewayRefusedError when Alipay says no under its signature, UnknownOutcomeError for all else.
        """
        answer = await self._signed_answer(method, biz, notify_url)
        code, sub_code = str(answer.get("code", "")), str(answer.get("sub_code", ""))
        reason = f"{answer.get('msg', '')} {answer.get('sub_msg', '')}".strip()
        if code == "10000":
            return answer
        if code != BUSINESS_FAILED or sub_code in UNKNOWN_SUB_CODES:
            raise UnknownOutcomeError(f"{method}: {code} {sub_code} {reason}")
        raise GatewayRefusedError(sub_code or code, reason)

    async def page_url(self, method: str, biz: Mapping[str, object], notify_url: str, return_url: str) -> str:
        """The signed address of a payment page; nothing is sent."""
        parameters = await anyio.to_thread.run_sync(
            partial(
                self._library.client_api,
                method,
                dict(biz),
                notify_url=notify_url,
                return_url=return_url,
                timestamp=written(clock.now()),
            ),
            limiter=self._threads,
        )
        return f"{self.url}?{parameters}"

    def signed_by_alipay(self, parameters: Mapping[str, str], signature: str) -> bool:
        """Whether Alipay signed these parameters of a notice (without `sign` and `sign_type`)."""
        try:
            return bool(self._library.verify(dict(parameters), signature))
        except (AliPayException, ValueError, TypeError):
            return False

    async def _signed_answer(self, method: str, biz: Mapping[str, object], notify_url: str | None) -> dict[str, Any]:
        # the library would write the machine's local time, which Alipay takes for Beijing's
        call = partial(
            self._library.server_api, method, dict(biz), notify_url=notify_url, timestamp=written(clock.now())
        )
        try:
            with anyio.fail_after(CALL_SECONDS):
                answer = await anyio.to_thread.run_sync(call, limiter=self._threads, abandon_on_cancel=True)
        except AliPayValidationError as bad:
            raise UnknownOutcomeError(f"{method}: the answer is badly signed") from bad
        except AliPayException as unsigned:
            raise UnknownOutcomeError(f"{method}: the answer is not signed: {unsigned}"[:500]) from unsigned
        except HTTPError as error:
            with error:
                raise UnknownOutcomeError(f"{method}: HTTP {error.code}", error.code) from error
        except (OSError, HTTPException) as error:
            raise UnknownOutcomeError(f"{method}: no answer: {error}") from error
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise UnknownOutcomeError(f"{method}: the answer cannot be read: {error}") from error
        if not isinstance(answer, dict):
            raise UnknownOutcomeError(f"{method}: the answer is no object")
        return answer
