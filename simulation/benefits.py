"""A simulated provider of benefits: customers come with a ticket, it activates, calls the shop back, and is asked.

It speaks docs/activation.md by itself, so that shop and partner are checked against the page and not against the same
code. It misbehaves as planned: duplicates, disorder, silence, forged signatures, messages that its own books deny.
"""

import base64
import hashlib
import hmac
import json
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from html import escape
from pathlib import Path
from random import Random
from typing import Any, Literal
from uuid import uuid4

import httpx
from fastapi import APIRouter, FastAPI, HTTPException, Request
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from mingsuan import clock
from mingsuan.keys import read_or_make
from simulation.gateways.cashier import STYLE

KEY = "demo"
PATIENCE_S = 5.0
VALID_FOR = timedelta(days=30)
State = Literal["pending", "activated", "used", "expired", "cancelled", "failed"]
Tampering = Literal["none", "forged", "wrong_state", "stale"]
Send = Callable[[str, Mapping[str, str], bytes], tuple[int, Mapping[str, str], bytes]]
"""Sends a body by POST: (path below the shop's address, headers, body) → (status, headers, body)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Shares of events, 0 to 1, that are treated so; all is drawn from the seed and the event's name."""

    seed: int = 0
    silence: float = 0.0
    """The shop is not called at all."""
    duplicates: float = 0.0
    forgeries: float = 0.0
    """Preceded by a message with a bad signature."""
    lies: float = 0.0
    """Preceded by a well-signed message about a state that is not so."""
    disorder: float = 0.0
    """Kept back, and sent after the next event of any activation."""

    def drawn(self, name: str) -> tuple[tuple[Tampering, ...], bool]:
        """What is sent of an event, in turn, and whether it is kept back."""
        rng = Random(f"{self.seed}:{name}")  # noqa: S311  (a plan that can be repeated, not a secret)
        if rng.random() < self.silence:
            return (), False
        copies: list[Tampering] = ["none"] * (3 if rng.random() < self.duplicates else 1)
        if rng.random() < self.forgeries:
            copies.insert(0, rng.choice(("forged", "stale")))
        if rng.random() < self.lies:
            copies.insert(0, "wrong_state")
        return tuple(copies), rng.random() < self.disorder


@dataclass(slots=True)
class Booked:
    """An activation in the provider's own books."""

    activation: str
    benefit: str
    sku: str
    code: str | None
    expires_at: str | None
    state: State = "pending"
    version: int = 0
    happened_at: datetime | None = None
    valid_until: datetime | None = None
    account: Mapping[str, str] | None = None


@dataclass(slots=True)
class Visit:
    """A customer who came with a ticket that was good."""

    launch: str
    return_url: str
    account: str | None
    activations: list[str]


@dataclass(slots=True)
class Provider:
    """The provider's books and its line to the shop. `secret` is shared with the shop."""

    secret: bytes
    send: Send
    key: str = KEY
    plan: Plan = field(default_factory=Plan)
    now: Callable[[], datetime] = clock.now
    answers: Literal["true", "none", "unsigned"] = "true"
    """How it answers questions: truly, with an error, or without a proof."""
    booked: dict[str, Booked] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)
    _held: list[Callable[[], None]] = field(default_factory=list)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def arrive(self, query: Mapping[str, str]) -> Visit:
        """A customer comes by a signed address: the ticket is spent at the shop. Raises PermissionError."""
        lines = (
            "mingsuan-activation-v1",
            *(query[name] for name in ("launch", "benefits", "ticket", "expires", "return")),
        )
        proof = hmac.digest(self.secret, "\n".join(lines).encode(), "sha256").hex()
        if not hmac.compare_digest(proof, query["signature"]) or int(query["expires"]) < self.now().timestamp():
            raise PermissionError("the address is not the shop's, or it is over")
        body = _packed({"type": "claim", "launch": query["launch"], "ticket": query["ticket"]})
        message_id = f"claim-{uuid4()}"
        headers = self.signed(message_id, body)
        status, given, answer = self.send(f"/providers/{self.key}/claims", headers, body)
        if status != 200 or not self._is_proven(given, answer, message_id):
            raise PermissionError("the shop did not take the ticket")
        return self._welcome(json.loads(answer), query["return"])

    def decide(self, activation: str, state: State, account: Mapping[str, str] | None = None) -> Booked:
        """An activation moves in the books, and the shop is told as planned."""
        with self._lock:
            row = self.booked[activation]
            row.state, row.version, row.happened_at = state, row.version + 1, self.now()
            row.valid_until = self.now() + VALID_FOR if state == "activated" else row.valid_until
            row.account = account or row.account
            told = replace(row)
        self._announce(told)
        return row

    def flush(self) -> None:
        """Sends what was kept back."""
        with self._lock:
            held, self._held = self._held, []
        for deliver in held:
            deliver()

    def tell(self, row: Booked, tampering: Tampering = "none", message_id: str | None = None) -> int:
        """One message about an activation, and the shop's status for it."""
        state = row.state if tampering != "wrong_state" else ("cancelled" if row.state == "activated" else "activated")
        values = {"type": "activation.changed", "activation": row.activation, "state": state, "version": row.version}
        body = _packed(values)
        headers = self.signed(message_id or f"e-{uuid4()}", body, tampering)
        status, _headers, _body = self.send(f"/providers/{self.key}/events", headers, body)
        self.statuses.append(status)
        return status

    def answer(self, headers: Mapping[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """The shop asks how an activation stands."""
        question_id = headers.get("webhook-id", "")
        if not self._is_proven(headers, body, question_id):
            return 401, {}, b"{}"
        if self.answers == "none":
            return 503, {}, b"{}"
        named = json.loads(body)["activation"]
        row = self.booked.get(named)
        values: dict[str, Any] = {"type": "activation", "activation": named, "state": "not_found"}
        if row is not None:
            values |= {
                "state": row.state,
                "version": row.version,
                "happened_at": _text(row.happened_at),
                "valid_until": _text(row.valid_until),
                "provider_ref": f"SIM-{named[-12:]}",
                "account": dict(row.account) if row.account else None,
            }
        answer = _packed(values)
        return 200, self.signed(question_id, answer, "forged" if self.answers == "unsigned" else "none"), answer

    def signed(self, message_id: str, body: bytes, tampering: Tampering = "none") -> dict[str, str]:
        """Headers in the form of Standard Webhooks."""
        at = self.now() - timedelta(hours=1 if tampering == "stale" else 0)
        stamp = str(int(at.timestamp()))
        secret = secrets.token_bytes(32) if tampering == "forged" else self.secret
        proof = base64.b64encode(_proof(secret, message_id, stamp, body)).decode()
        names = {"webhook-id": message_id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{proof}"}
        return {**names, "content-type": "application/json"}

    def _announce(self, row: Booked) -> None:
        # Counted, not named: activations have other names in every run, and a run is to be repeatable.
        copies, kept_back = self.plan.drawn(f"{list(self.booked).index(row.activation)}:{row.version}")
        message_id = f"e-{uuid4()}"

        def deliver() -> None:
            for tampering in copies:
                # A copy of the same event has the same id; what is tampered with is a message of its own.
                self.tell(row, tampering, message_id if tampering == "none" else None)

        if kept_back:
            with self._lock:
                self._held.append(deliver)
            return
        deliver()
        self.flush()

    def _welcome(self, claimed: Mapping[str, Any], return_url: str) -> Visit:
        account = claimed["account"]["ref"] if claimed["account"] else None
        visit = Visit(claimed["launch"], return_url, account, [])
        with self._lock:
            for each in claimed["benefits"]:
                row = Booked(each["activation"], each["benefit"], each["sku"], each.get("code"), each["expires_at"])
                self.booked[row.activation] = row
                visit.activations.append(row.activation)
            self.visits[visit.launch] = visit
        return visit

    def _is_proven(self, headers: Mapping[str, str], body: bytes, message_id: str) -> bool:
        stamp = headers.get("webhook-timestamp", "")
        proof = "v1," + base64.b64encode(_proof(self.secret, message_id, stamp, body)).decode()
        fresh = stamp.isdigit() and abs(int(stamp) - self.now().timestamp()) <= 300
        return fresh and hmac.compare_digest(headers.get("webhook-signature", "").encode(), proof.encode())


def secret_of(folder: Path) -> bytes:
    """The secret that the simulated provider of a folder shares with the shop; made when it is not there yet."""
    return read_or_make(folder / "benefits_provider.key")


def http_send(shop_url: str, tries: int = 3) -> Send:
    """Posts to the shop over HTTP; a shop that does not answer is tried again a little later."""

    def send(path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Mapping[str, str], bytes]:
        for attempt in range(tries):
            try:
                with httpx.Client(timeout=PATIENCE_S, trust_env=False) as client:
                    answer = client.post(f"{shop_url}{path}", headers=dict(headers), content=body)
                return answer.status_code, dict(answer.headers), answer.content
            except httpx.HTTPError:
                time.sleep(0.2 * attempt)
        return 0, {}, b""

    return send


def router(provider: Provider) -> APIRouter:
    """Pages for customers and the question that the shop asks, below `/benefits`."""
    routes = APIRouter(prefix="/benefits", include_in_schema=False)

    @routes.get("/activate")
    def arrive(request: Request) -> RedirectResponse:
        try:
            visit = provider.arrive(dict(request.query_params))
        except (PermissionError, KeyError, ValueError) as error:
            raise HTTPException(403, "模拟服务商：链接无效或已使用 / this way is not good (any more)") from error
        return RedirectResponse(f"/benefits/visits/{visit.launch}", 303)

    @routes.get("/visits/{launch}")
    def visit_page(launch: str) -> HTMLResponse:
        if launch not in provider.visits:
            raise HTTPException(404)
        return HTMLResponse(_page(provider, provider.visits[launch]))

    @routes.post("/visits/{launch}/{act}")
    def act(launch: str, act: Literal["activate", "use", "fail"]) -> RedirectResponse:
        if launch not in provider.visits:
            raise HTTPException(404)
        visit = provider.visits[launch]
        state: State = {"activate": "activated", "use": "used", "fail": "failed"}[act]  # type: ignore[assignment]
        account = {"ref": visit.account or f"acct-{launch[-8:]}", "label": "模拟账号 138****8000"}
        for activation in visit.activations:
            provider.decide(activation, state, account if act == "activate" else None)
        return RedirectResponse(visit.return_url, 303)

    @routes.post("/api/activations/query")
    async def query(request: Request) -> Response:
        status, headers, body = provider.answer(dict(request.headers), await request.body())
        return Response(body, status, headers, media_type="application/json") if body else JSONResponse({}, status)

    return routes


def create_app(provider: Provider) -> FastAPI:
    """The provider alone; in a demo it is served beside the simulated gateways."""
    app = FastAPI(title="Simulated provider of benefits")
    app.state.provider = provider
    app.include_router(router(provider))
    return app


def _page(provider: Provider, visit: Visit) -> str:
    rows = "".join(
        f'<p class="title">{escape(row.sku)} · {escape(row.state)}</p>'
        for row in (provider.booked[each] for each in visit.activations)
    )
    words = f"激活到已绑定账号 {escape(visit.account)}" if visit.account else "登录并激活 / Log in and activate"
    waiting = all(provider.booked[each].state == "pending" for each in visit.activations)
    here = f"/benefits/visits/{escape(visit.launch)}"
    buttons = f"""<form method="post" action="{here}/activate"><button class="pay">{words}</button></form>
    <form method="post" action="{here}/fail"><button>激活失败 / Let it fail</button></form>"""
    used = f'<form method="post" action="{here}/use"><button>用掉 / Use it up</button></form>'
    return f"""<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1"><title>模拟服务商</title><style>{STYLE}</style>
    </head><body><main><p class="notice">模拟服务商，不涉及真实权益<br>Simulated provider – no real benefits</p>
    <h1>激活权益 / Activate</h1>{rows}{buttons if waiting else used}
    <p><a href="{escape(visit.return_url)}">返回商店 / Back to the shop</a></p></main></body></html>"""


def _packed(values: Mapping[str, Any]) -> bytes:
    return json.dumps(dict(values), ensure_ascii=False).encode()


def _proof(secret: bytes, message_id: str, stamp: str, body: bytes) -> bytes:
    return hmac.new(secret, f"{message_id}.{stamp}.".encode() + body, hashlib.sha256).digest()


def _text(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None
