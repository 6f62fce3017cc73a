"""Asking the tracking service about parcels, and having it tell us. Each call has a time-out; none is repeated here."""

import json
from pathlib import Path
from typing import Any, Protocol

import httpx

from mingsuan.settings import Settings
from transactional.logistics.couriers import WANTS_PHONE
from transactional.logistics.kuaidi_words import NotUnderstoodError, Report, loaded, query_signature, report_of
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.configured import ConfigurationError
from transactional.payments.gateways.interface import GatewayRefusedError

CALL_S = 10.0
NOTHING_YET = "500"
KNOWN_ALREADY = "501"


class Tracker(Protocol):
    """A service that follows parcels of many couriers."""

    async def query(self, courier: str, tracking_no: str, phone_end: str) -> Report | None:
        """All that is known of a parcel; None while nothing is. Raises GatewayRefusedError, UnknownOutcomeError."""
        ...

    async def subscribe(self, courier: str, tracking_no: str, phone_end: str, callback_url: str, salt: str) -> None:
        """Reports go to the address from now on; asked again, nothing changes. Raises as `query` does."""
        ...

    async def aclose(self) -> None:
        """Ends its connections."""
        ...


class Kuaidi:
    """kuaidi100's protocol: form posts with a JSON parameter, signed by MD5."""

    def __init__(self, url: str, customer: str, key: str, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._customer, self._key = url.rstrip("/"), customer, key
        self._client = httpx.AsyncClient(timeout=CALL_S, follow_redirects=False, transport=transport)

    def __repr__(self) -> str:
        return f"Kuaidi({self._customer})"

    async def query(self, courier: str, tracking_no: str, phone_end: str) -> Report | None:
        param = _compact({"com": courier, "num": tracking_no, **_phone(courier, phone_end), "resultv2": "1"})
        signed = {"customer": self._customer, "sign": query_signature(param, self._key, self._customer)}
        answer = await self._post("/poll/query.do", {**signed, "param": param})
        code = str(answer.get("returnCode") or answer.get("status") or "")
        if answer.get("result") is False:
            if code == NOTHING_YET:
                return None
            raise GatewayRefusedError(code, str(answer.get("message", ""))[:200])
        try:
            return report_of(answer)
        except NotUnderstoodError as error:
            raise UnknownOutcomeError(str(error)) from None

    async def subscribe(self, courier: str, tracking_no: str, phone_end: str, callback_url: str, salt: str) -> None:
        parameters = {"callbackurl": callback_url, "salt": salt, "resultv2": "1", **_phone(courier, phone_end)}
        param = _compact({"company": courier, "number": tracking_no, "key": self._key, "parameters": parameters})
        answer = await self._post("/poll", {"schema": "json", "param": param})
        code = str(answer.get("returnCode", ""))
        if answer.get("result") is not True and code != KNOWN_ALREADY:
            raise GatewayRefusedError(code, str(answer.get("message", ""))[:200])

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = await self._client.post(f"{self._url}{path}", data=form)
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(type(error).__name__) from None
        if response.status_code != httpx.codes.OK:
            raise UnknownOutcomeError("no proper answer", response.status_code)
        try:
            return dict(loaded(response.content))
        except NotUnderstoodError as error:
            raise UnknownOutcomeError(str(error), response.status_code) from None


def tracker(settings: Settings) -> Tracker | None:
    """The one that the settings switch on. Raises ConfigurationError."""
    if not settings.courier_customer:
        return None
    file: Path | None = settings.courier_key_file
    try:
        key = file.read_text(encoding="utf-8").strip() if file else ""
    except OSError as error:
        raise ConfigurationError("courier_key_file", f"names a file that cannot be read: {error.strerror}") from None
    if not key:
        raise ConfigurationError("courier_key_file", "must name a file with the key")
    return Kuaidi(settings.courier_url, settings.courier_customer, key)


def _phone(courier: str, phone_end: str) -> dict[str, str]:
    """Nobody's whole number leaves the shop; the four digits go only where nothing is said without them."""
    return {"phone": phone_end} if courier in WANTS_PHONE and phone_end else {}


def _compact(content: dict[str, Any]) -> str:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))
