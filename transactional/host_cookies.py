"""Behind TLS the cookies that let somebody in carry the `__Host-` prefix: no other host, and no page without TLS, can
set them (RFC 6265bis). Everything inside goes on calling them by their plain names. Pure ASGI.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = b"__Host-"
GUARDED = frozenset({b"mingsuan_session", b"mingsuan_staff", b"mingsuan_device", b"mingsuan_flow"})
"""All with the path "/", which the prefix demands; the desk's own helpers are kept to /desk by theirs."""


class HostCookies:
    """Renames on the way in and out; a plain name that comes from outside is not believed."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def renamed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [
                    (name, _outgoing(value) if name.lower() == b"set-cookie" else value)
                    for name, value in message["headers"]
                ]
            await send(message)

        headers = [(name, _incoming(value) if name == b"cookie" else value) for name, value in scope["headers"]]
        await self._app({**scope, "headers": headers}, receive, renamed)


def _incoming(cookies: bytes) -> bytes:
    kept = []
    for cookie in cookies.split(b";"):
        name, equals, value = cookie.strip().partition(b"=")
        if name.removeprefix(PREFIX) in GUARDED and name.startswith(PREFIX):
            kept.append(name.removeprefix(PREFIX) + equals + value)
        elif name not in GUARDED:
            kept.append(cookie.strip())
    return b"; ".join(kept)


def _outgoing(cookie: bytes) -> bytes:
    return PREFIX + cookie if cookie.partition(b"=")[0] in GUARDED else cookie
