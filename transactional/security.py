"""Which requests may change something, judged by where the browser says they come from. Pure.

Browsers send `Sec-Fetch-Site` or `Origin` with every request that a form or script makes; cookies alone prove nothing.
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "content-security-policy": CONTENT_POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "cache-control": "no-store",
}
"""Sent with every answer that does not say otherwise itself."""
STRICT_TRANSPORT = {"strict-transport-security": "max-age=31536000; includeSubDomains"}


def may_change(method: str, headers: Mapping[str, str], has_login_cookie: bool) -> bool:
    """Whether a request may pass: it changes nothing, comes from this very origin, or carries no log-in at all.

    `headers` are lower-case. Without a log-in cookie a request that names no origin is a program's, not a browser's;
    one that names a foreign origin is refused all the same, so that nobody is logged in from elsewhere.
    """
    if method in SAFE_METHODS:
        return True
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is not None:
        return _is_own(origin, headers.get("host", ""))
    return not has_login_cookie


def _is_own(origin: str, host: str) -> bool:
    """An opaque origin ("null") is never our own; the scheme may differ behind a proxy that ends TLS."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(host) and parts.netloc.lower() == host.lower()
