"""One log line and one count for every answered request: by the route's template, never by its address."""

import logging
import time

from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transactional import metrics

API = "/api/v1"
UNROUTED = "(none)"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/static"})
log = logging.getLogger("mingsuan.requests")


class Observed:
    """Outermost of the shop's middleware, so that it sees every answer. Pure ASGI."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, time.perf_counter()

        async def seen(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, seen)
        finally:
            _tell(scope, status, time.perf_counter() - began)


def _tell(scope: Scope, status: int, seconds: float) -> None:
    method = scope["method"] if scope["method"] in METHODS else "other"
    route = template(scope)
    metrics.request_answered(method, route, status, seconds)
    level = logging.DEBUG if route in QUIET and status < 400 else logging.INFO
    line = {"method": method, "route": route, "status": status, "duration_ms": round(seconds * 1000, 1)}
    log.log(level, "%s %s %s", method, route, status, extra={**line, "request_id": scope.get("request_id")})


def template(scope: Scope) -> str:
    """The route's template, such as `/api/v1/orders/{order_no}`; "(none)" for one that the shop does not have."""
    route = scope.get("route")
    if route is None and str(scope.get("root_path", "")) == "/static":
        return "/static"
    if route is None or isinstance(route, Mount):
        return UNROUTED
    path: str = route.path  # without the prefix that its router was included under
    return f"{API}{path}" if scope["path"].startswith(f"{API}/") and not path.startswith(f"{API}/") else path
