"""Text messages by a signed request to an address of the operator's, which speaks to the provider: docs/notices.md."""

import hmac
import json

import httpx

from mingsuan import clock
from transactional.notices.rules import SEND_S
from transactional.notices.senders.interface import Message, NotSentError, UnclearError

TIMESTAMP, SIGNATURE = "X-Mingsuan-Timestamp", "X-Mingsuan-Signature"
NOT_NOW = frozenset({429, 503})
"""By agreement: nothing was sent, come again."""


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, in lowercase hexadecimal."""
    return hmac.new(secret, timestamp.encode() + b"." + body, "sha256").hexdigest()


class Webhook:
    """POSTs JSON; 2xx means sent, 4xx refused, 429 and 503 not now, anything else unclear."""

    def __init__(self, url: str, secret: bytes, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self._url, self._secret = url, secret
        self._client = httpx.AsyncClient(timeout=SEND_S, follow_redirects=False, transport=transport)

    async def send(self, message: Message) -> str:
        body = _body(message)
        at = str(int(clock.now().timestamp()))
        headers = {
            TIMESTAMP: at,
            SIGNATURE: signature(self._secret, at, body),
            "Idempotency-Key": message.key,
            "Content-Type": "application/json",
        }
        try:
            answer = await self._client.post(self._url, content=body, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise NotSentError("the address could not be reached", temporary=True) from None
        except httpx.HTTPError as error:
            raise UnclearError(type(error).__name__) from None
        return _understood(answer)

    async def aclose(self) -> None:
        await self._client.aclose()


def _body(message: Message) -> bytes:
    content = {
        "request_id": message.key,
        "to": message.target,
        "language": message.language,
        "template": message.template,
        "values": message.values,
        "text": message.text,
    }
    return json.dumps(content, ensure_ascii=False).encode()


def _understood(answer: httpx.Response) -> str:
    if answer.is_success:
        try:
            return str(answer.json()["id"])[:200]
        except (ValueError, KeyError, TypeError):
            return ""
    if answer.is_client_error or answer.status_code in NOT_NOW:
        raise NotSentError(f"answered {answer.status_code}", temporary=answer.status_code in NOT_NOW)
    raise UnclearError(f"answered {answer.status_code}")
