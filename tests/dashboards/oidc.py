"""A small OpenID Connect provider on this machine: discovery, authorization by code with PKCE, signed tokens, log-out.

Whoever is in `person` is logged in without being asked.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "mingsuan", "a secret of the client"


class Provider:
    """What the provider knows. `person` are the claims of whoever comes next; `ended` counts log-outs."""

    def __init__(self, url: str, redirect_uri: str) -> None:
        self.url = url
        self.redirect_uri = redirect_uri
        self.person: dict[str, Any] = {}
        self.ended = 0
        self.issued_ago_s = 0
        self.signing = RSAKey.generate_key(2048, {"kid": "signing", "use": "sig"})
        self.published = self.signing
        self._codes: dict[str, tuple[dict[str, str], dict[str, Any]]] = {}

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
            "end_session_endpoint": f"{self.url}/end",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent back to, with a code for what it asked."""
        assert (asked["client_id"], asked["redirect_uri"]) == (CLIENT, self.redirect_uri)
        assert asked["response_type"] == "code"
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self._codes[code] = (asked, dict(self.person))
        return f"{self.redirect_uri}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, given: dict[str, str], credentials: str) -> dict[str, Any]:
        """The identity token for a code, which is good once and only with its verifier and the client's secret."""
        assert credentials == f"{CLIENT}:{SECRET}"
        asked, claims = self._codes.pop(given["code"])
        digest = hashlib.sha256(given["code_verifier"].encode()).digest()
        assert base64.urlsafe_b64encode(digest).rstrip(b"=").decode() == asked["code_challenge"]
        now = int(time.time())
        standing = {"iss": self.url, "aud": CLIENT, "nonce": asked["nonce"]}
        times = {"iat": now - self.issued_ago_s, "exp": now + 300}
        signed = jwt.encode({"alg": "RS256", "kid": "signing"}, {**claims, **standing, **times}, self.signing)
        return {"access_token": secrets.token_urlsafe(8), "token_type": "Bearer", "expires_in": 300, "id_token": signed}

    def end(self, asked: dict[str, str]) -> str:
        """Where the browser goes after the log-out."""
        assert asked["post_logout_redirect_uri"] == self.redirect_uri
        assert asked["id_token_hint"]
        self.ended += 1
        return self.redirect_uri


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            at = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(at.query).items()}
            if at.path == "/.well-known/openid-configuration":
                self._json(provider.discovery())
            elif at.path == "/keys":
                self._json({"keys": [provider.published.as_dict(private=False)]})
            elif at.path in {"/authorize", "/end"}:
                self.send_response(302)
                self.send_header("Location", provider.authorize(asked) if at.path != "/end" else provider.end(asked))
                self.end_headers()
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            basic = base64.b64decode(self.headers["Authorization"].removeprefix("Basic ")).decode()
            self._json(provider.token(given, basic.replace("+", " ").replace("%20", " ")))

        def _json(self, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  (the base class's name)
            """Quiet."""

    return Handler


@contextmanager
def provider_for(dashboards: str) -> Iterator[Provider]:
    """A provider whose one client are the dashboards at this address (`http://127.0.0.1:8501`)."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}", f"{dashboards}/oauth2callback")
    server.RequestHandlerClass = _handler(provider)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
