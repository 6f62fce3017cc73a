"""A simulated mailbox and telephone: mails of a demo's outbox and text messages sent to its webhook, for newcomers.

Nothing is sent to anybody. It shows whatever codes there are, so it must be reached from this machine only.
"""

import hmac
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Header, Request
from fastapi.responses import HTMLResponse, JSONResponse

from mingsuan import clock
from simulation.gateways.cashier import STYLE

SHOWN = 40
FRESH_S = 300
MORE_STYLE = """
body { place-items: start center; } main { text-align: left; width: min(40rem, calc(100vw - 2rem)); }
article { padding: .75rem 0; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: .25rem 0 0; }
.meta { font-size: .85rem; opacity: .75; margin: 0; overflow-wrap: anywhere; } h1, .notice { text-align: center; }
"""


@dataclass(slots=True)
class Mailbox:
    """`outbox` is the folder where the shop's console sender puts mails; text messages are kept in memory."""

    secret: str
    outbox: Path
    now: Callable[[], datetime] = clock.now
    texts: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200))

    def newest(self) -> list[dict[str, Any]]:
        """Of both, newest first."""
        files = sorted(self.outbox.glob("*.json"), reverse=True)[:SHOWN]
        mails = [json.loads(file.read_text(encoding="utf-8")) for file in files]
        return sorted([*mails, *self.texts], key=lambda each: str(each["at"]), reverse=True)[:SHOWN]

    def accept(self, timestamp: str, signature: str, body: bytes) -> tuple[int, dict[str, str]]:
        """Status and answer, as docs/notices.md asks of a provider; the same request again is answered the same."""
        wanted = hmac.new(self.secret.encode(), timestamp.encode() + b"." + body, "sha256").hexdigest()
        if not hmac.compare_digest(wanted, signature):
            return 401, {"error": "signature"}
        if not timestamp.isdecimal() or abs(self.now().timestamp() - int(timestamp)) > FRESH_S:
            return 401, {"error": "timestamp"}
        content = json.loads(body)
        number = f"SIM-{content['request_id']}"
        if all(text["key"] != content["request_id"] for text in self.texts):
            at = self.now().isoformat()
            said = {"channel": "sms", "target": content["to"], "title": "", "text": content["text"]}
            self.texts.append({"at": at, "key": content["request_id"], **said})
        return 200, {"id": number}


def router(mailbox: Mailbox) -> APIRouter:
    """The page `/mailbox` and the webhook `/mailbox/sms`."""
    routes = APIRouter(prefix="/mailbox", include_in_schema=False)

    @routes.get("")
    def show() -> HTMLResponse:
        return HTMLResponse(_page(mailbox.newest()))

    @routes.post("/sms")
    async def receive(
        request: Request,
        timestamp: Annotated[str, Header(alias="X-Mingsuan-Timestamp")] = "",
        signature: Annotated[str, Header(alias="X-Mingsuan-Signature")] = "",
    ) -> JSONResponse:
        status, answer = mailbox.accept(timestamp, signature, await request.body())
        return JSONResponse(answer, status)

    return routes


def _page(messages: list[dict[str, Any]]) -> str:
    shown = "".join(_message(each) for each in messages)
    nothing = "<p>还没有消息。注册或登录时要的验证码会出现在这里。<br>No messages yet: codes will appear here.</p>"
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width"><meta http-equiv="refresh" content="5">
    <title>模拟信箱 / Simulated mailbox</title><style>{STYLE}{MORE_STYLE}</style></head><body><main>
    <p class="notice">模拟信箱，没有任何邮件或短信真正发出<br>Simulated mailbox – nothing is really sent</p>
    <h1>邮件与短信 / Mails and text messages</h1>{shown or nothing}</main></body></html>"""


def _message(message: dict[str, Any]) -> str:
    kind = "邮件 / Mail" if message["channel"] == "email" else "短信 / Text message"
    title = f"<strong>{escape(message['title'])}</strong>" if message["title"] else ""
    return f"""<article><p class="meta">{kind} · {escape(message["target"])} · {escape(message["at"][:19])} UTC</p>
    {title}<pre>{escape(message["text"])}</pre></article>"""
