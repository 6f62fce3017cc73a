"""A provider of identity checks over HTTPS, as Chinese ones work: signed requests, signed answers, results by query.

Signature: HMAC-SHA256 in hex, over `METHOD\\nPATH\\nTIMESTAMP\\nNONCE\\nhex(SHA-256(body))` for a request and over
`TIMESTAMP\\nNONCE\\nbody` for an answer. An answer that is not signed says nothing.
"""

import hashlib
import hmac
import json
import secrets
from typing import Any

import httpx

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.accounts.persons.identity_provider import IdentityProvider, ManualReview, Verdict
from transactional.accounts.persons.identity_rules import Person
from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways.configured import ConfigurationError

NAME = "identity"
CHECKS = "/v1/identity/checks"
PATIENCE_S = 10.0
CLOCKS_DIFFER_S = 300
RESULTS: dict[str, Verdict] = {
    "match": Verdict("verified"),
    "mismatch": Verdict("refused", "mismatch"),
    "no_record": Verdict("refused", "no_record"),
    "unreadable": Verdict("refused", "unreadable"),
}
NOT_FOUND, DONE, PENDING = "1004", "done", "pending"


def configured(settings: Settings) -> IdentityProvider:
    """The provider that the settings name; people of the shop without one. Raises ConfigurationError."""
    if not settings.identity_url:
        return ManualReview()
    if not settings.identity_app_id:
        raise ConfigurationError("identity_app_id", "must be set")
    file = settings.identity_key_file
    if file is None or not file.is_file() or len(file.read_bytes().strip()) < 16:
        raise ConfigurationError("identity_key_file", "must name a file of 16 characters or more")
    return SignedProvider(settings.identity_url, settings.identity_app_id, file.read_bytes().strip())


class SignedProvider:
    """One connection pool for all checks; the secret never leaves this object."""

    name = NAME

    def __init__(self, url: str, app_id: str, secret: bytes, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._client = httpx.AsyncClient(timeout=PATIENCE_S, transport=transport)
        self._url, self._app_id, self._secret = url.rstrip("/"), app_id, secret

    async def submit(self, reference: str, person: Person) -> Verdict:
        """A reference that the provider has already is answered with what became of it."""
        return await self._asked("POST", CHECKS, {"requestNo": reference, "name": person.name, "idNo": person.number})

    async def query(self, reference: str) -> Verdict:
        return await self._asked("GET", f"{CHECKS}/{reference}", None)

    async def aclose(self) -> None:
        await self._client.aclose()

    async def _asked(self, method: str, path: str, body: dict[str, str] | None) -> Verdict:
        content = json.dumps(body, ensure_ascii=False).encode() if body else b""
        address = httpx.URL(self._url + path)
        headers = self._signed(method, address.path, content)
        try:
            answer = await self._client.request(method, address, content=content, headers=headers)
        except httpx.HTTPError as error:
            raise UnknownOutcomeError(type(error).__name__) from None
        if not self._is_signed(answer):
            raise UnknownOutcomeError("the answer is not signed", answer.status_code)
        try:
            return _verdict(json.loads(answer.content), answer.status_code)
        except (ValueError, TypeError, AttributeError):
            raise UnknownOutcomeError("the answer cannot be read", answer.status_code) from None

    def _signed(self, method: str, path: str, content: bytes) -> dict[str, str]:
        timestamp, nonce = str(int(clock.now().timestamp())), secrets.token_hex(16)
        text = "\n".join((method, path, timestamp, nonce, hashlib.sha256(content).hexdigest()))
        return {
            "content-type": "application/json",
            "x-app-id": self._app_id,
            "x-timestamp": timestamp,
            "x-nonce": nonce,
            "x-signature": self._mac(text.encode()),
        }

    def _is_signed(self, answer: httpx.Response) -> bool:
        timestamp, nonce = answer.headers.get("x-timestamp", ""), answer.headers.get("x-nonce", "")
        if not timestamp.isdecimal() or abs(clock.now().timestamp() - int(timestamp)) > CLOCKS_DIFFER_S:
            return False
        told = answer.headers.get("x-signature", "")
        return hmac.compare_digest(
            told.encode(), self._mac(f"{timestamp}\n{nonce}\n".encode() + answer.content).encode()
        )

    def _mac(self, text: bytes) -> str:
        return hmac.digest(self._secret, text, "sha256").hex()


def _verdict(body: dict[str, Any], status: int) -> Verdict:
    """Raises UnknownOutcomeError for every word that is not known to be final: an unknown one is no refusal."""
    code, number = str(body.get("code")), body.get("orderNo")
    if code == NOT_FOUND:
        return Verdict("not_found")
    if code != "0":
        raise UnknownOutcomeError(f"code {code[:20]}", status)
    if body.get("status") == PENDING:
        return Verdict("processing", provider_ref=str(number))
    known = RESULTS.get(str(body.get("result"))) if body.get("status") == DONE else None
    if known is None:
        raise UnknownOutcomeError("an unknown result", status)
    return Verdict(known.outcome, known.reason, str(number))
