"""SIMULATED provider of identity checks: signed requests and answers, slow and lost ones, duplicates. Checks nobody.

The result depends on the name: 不 in it does not match, 无 has no record, 慢 takes a while; every other name matches.
Protocol: HMAC-SHA256 as hex over `METHOD\\nPATH\\nTIMESTAMP\\nNONCE\\nhex(SHA-256(body))`; answers over
`TIMESTAMP\\nNONCE\\nbody`. Codes: 0 ok, 1001 signature, 1002 stale, 1003 nonce used, 1004 no such request,
2001 parameters, 9999 busy.
"""

import asyncio
import hashlib
import hmac
import json
import secrets
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from fastapi import APIRouter, Request, Response

from mingsuan import clock

APP_ID = "idcheck-simulated"
CHECKS = "/v1/identity/checks"
STALE_S = 300
SLOW = timedelta(seconds=20)
WORDS = (("不", "mismatch"), ("无", "no_record"))
Fault = Literal["hang_before", "hang_after", "server_error", "server_error_after", "unsigned", "bad_signature", "busy"]
"""`*_after`: the request was taken before the answer failed; `unsigned` and `bad_signature` too."""


@dataclass(frozen=True, slots=True)
class Check:
    """A request as the provider keeps it: no name and no number."""

    order_no: str
    result: str
    ready_at: datetime


@dataclass
class Registry:
    """What the simulated provider knows; `submissions` counts every request that was taken, repeated ones too."""

    secret: bytes
    app_id: str = APP_ID
    hang_s: float = 30.0
    slow: timedelta = SLOW
    now: Callable[[], datetime] = clock.now
    checks: dict[str, Check] = field(default_factory=dict)
    submissions: list[str] = field(default_factory=list)
    faults: deque[Fault] = field(default_factory=deque)
    nonces: set[str] = field(default_factory=set)

    def submit(self, body: dict[str, Any]) -> dict[str, str]:
        """The same request number again is answered with the first one's result, whatever it asks now."""
        number, name, id_no = (str(body.get(key, "")) for key in ("requestNo", "name", "idNo"))
        if not number or not name or len(id_no) != 18:
            return {"code": "2001", "message": "参数错误"}
        self.submissions.append(number)
        if number not in self.checks:
            wait = self.slow if "慢" in name else timedelta(0)
            result = next((word for sign, word in WORDS if sign in name), "match")
            self.checks[number] = Check(secrets.token_hex(12), result, self.now() + wait)
        return self.query(number)

    def query(self, number: str) -> dict[str, str]:
        check = self.checks.get(number)
        if check is None:
            return {"code": "1004", "message": "请求不存在"}
        common = {"code": "0", "requestNo": number, "orderNo": check.order_no, "simulated": "true"}
        if self.now() < check.ready_at:
            return {**common, "status": "pending"}
        return {**common, "status": "done", "result": check.result}

    def problem(self, request: Request, body: bytes) -> str | None:
        """The code that refuses a request, None when it is well signed, fresh and new."""
        told = request.headers
        timestamp, nonce = told.get("x-timestamp", ""), told.get("x-nonce", "")
        text = "\n".join((request.method, request.url.path, timestamp, nonce, hashlib.sha256(body).hexdigest()))
        if told.get("x-app-id") != self.app_id or not hmac.compare_digest(
            told.get("x-signature", ""), self.mac(text.encode())
        ):
            return "1001"
        if abs(self.now().timestamp() - int(timestamp)) > STALE_S:
            return "1002"
        if nonce in self.nonces:
            return "1003"
        self.nonces.add(nonce)
        return None

    def mac(self, text: bytes) -> str:
        return hmac.digest(self.secret, text, "sha256").hex()


def router(registry: Registry) -> APIRouter:
    """Routes of the provider; mount them under a prefix of their own."""
    routes = APIRouter(include_in_schema=False)

    @routes.post(CHECKS)
    async def submit(request: Request) -> Response:
        body = await request.body()
        return await _answered(registry, request, body, lambda: registry.submit(json.loads(body)))

    @routes.get(f"{CHECKS}/{{number}}")
    async def query(request: Request, number: str) -> Response:
        return await _answered(registry, request, b"", lambda: registry.query(number))

    return routes


async def _answered(registry: Registry, request: Request, body: bytes, work: Callable[[], dict[str, str]]) -> Response:
    fault = registry.faults.popleft() if registry.faults else None
    if fault in ("hang_before", "server_error"):
        return await _failure(registry, fault)
    problem = registry.problem(request, body)
    told = {"code": problem, "message": "验签失败"} if problem else work()
    if fault in ("hang_after", "server_error_after"):
        return await _failure(registry, fault)
    if fault == "busy":
        told = {"code": "9999", "message": "系统繁忙"}
    content = json.dumps(told, ensure_ascii=False).encode()
    return Response(content, media_type="application/json", headers=_signature(registry, content, fault))


async def _failure(registry: Registry, fault: str) -> Response:
    if fault.startswith("hang"):
        await asyncio.sleep(registry.hang_s)
    return Response("bad gateway", 502)


def _signature(registry: Registry, content: bytes, fault: str | None) -> dict[str, str]:
    if fault == "unsigned":
        return {}
    timestamp, nonce = str(int(registry.now().timestamp())), secrets.token_hex(16)
    mac = registry.mac(f"{timestamp}\n{nonce}\n".encode() + content)
    return {"x-timestamp": timestamp, "x-nonce": nonce, "x-signature": mac[::-1] if fault == "bad_signature" else mac}
