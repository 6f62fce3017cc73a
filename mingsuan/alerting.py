"""Telling people that something is wrong, through whatever sinks the settings name: log, e-mail, webhook.

One pluggable way for every part of the product. What is wrong, since when, and whether it was told before is the
callers' to know; nothing here keeps state.
"""

import hmac
import json
import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Protocol

import httpx

from mingsuan import clock
from mingsuan.alert_mail import SEND_S, mail_sink, secret_of
from mingsuan.alert_notes import SEVERITIES, AlertNote, AlertSettingsError, Letter, NotToldError, Severity, key_of
from mingsuan.settings import Settings

SHORTEST_SECRET = 16
TIMESTAMP, SIGNATURE = "X-Mingsuan-Timestamp", "X-Mingsuan-Signature"
LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}
log = logging.getLogger("mingsuan.alerts")


class Sink(Protocol):
    """One way of telling; what is less severe than `least` is not told here."""

    name: str
    least: Severity

    async def tell(self, alerts: Sequence[AlertNote], letter: Letter) -> None:
        """All of them, or none. Raises NotToldError."""
        ...

    async def aclose(self) -> None:
        """Ends its connections."""
        ...


def wants(sink: Sink, severity: str) -> bool:
    """Whether a sink is told of alerts of this severity."""
    return severity in SEVERITIES[SEVERITIES.index(sink.least) :]


def sinks(settings: Settings) -> tuple[Sink, ...]:
    """The log always; mail and webhook as the settings say. Raises AlertSettingsError."""
    found: list[Sink] = [LogSink()]
    if settings.alert_mail_to.strip():
        found.append(mail_sink(settings))
    if settings.alert_webhook_url:
        secret = secret_of("alert_webhook_key_file", settings.alert_webhook_key_file)
        if len(secret) < SHORTEST_SECRET:
            raise AlertSettingsError(f"MINGSUAN_ALERT_WEBHOOK_KEY_FILE must hold {SHORTEST_SECRET} characters or more")
        found.append(WebhookSink(settings.alert_webhook_url, secret, settings.alert_least))
    return tuple(found)


class LogSink:
    """One log line an alert."""

    name = "log"
    least: Severity = "info"

    async def tell(self, alerts: Sequence[AlertNote], letter: Letter) -> None:  # noqa: ARG002  (a line each)
        for each in alerts:
            level = logging.INFO if each.ended_at else LEVELS[each.severity]
            about = {"alert": each.kind, "subject": each.subject, "severity": each.severity}
            log.log(level, "alert %s %s", "over" if each.ended_at else "raised", each.kind, extra=about)

    async def aclose(self) -> None:
        """There is nothing to end."""


class WebhookSink:
    """POSTs JSON, signed as all that the shop sends: HMAC-SHA256 over the timestamp, a full stop and the body."""

    name = "webhook"

    def __init__(
        self, url: str, secret: bytes, least: Severity, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._url, self._secret, self.least = url, secret, least
        self._client = httpx.AsyncClient(timeout=SEND_S, follow_redirects=False, transport=transport)

    async def tell(self, alerts: Sequence[AlertNote], letter: Letter) -> None:
        content = {"title": letter.title, "text": letter.text, "alerts": [asdict(each) for each in alerts]}
        body = json.dumps(content, ensure_ascii=False, default=datetime.isoformat).encode()
        at = str(int(clock.now().timestamp()))
        signature = hmac.new(self._secret, at.encode() + b"." + body, "sha256").hexdigest()
        headers = {TIMESTAMP: at, SIGNATURE: signature, "Idempotency-Key": key_of(alerts)}
        try:
            answer = await self._client.post(
                self._url, content=body, headers={**headers, "Content-Type": "application/json"}
            )
        except (httpx.ConnectError, httpx.ConnectTimeout):
            raise NotToldError("refused", "the address could not be reached") from None
        except httpx.HTTPError as error:
            raise NotToldError("unknown", type(error).__name__) from None
        if not answer.is_success:
            raise NotToldError("refused" if answer.is_client_error else "unknown", f"answered {answer.status_code}")

    async def aclose(self) -> None:
        await self._client.aclose()
