"""Tokens of log-in sessions: 32 random bytes in the cookie, their SHA-256 in the table."""

import hashlib
import secrets

TOKEN_BYTES = 32


def new() -> str:
    """A fresh token, URL-safe."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def digest(token: str) -> bytes:
    """What the table keeps. A plain hash suffices: the token has 256 bits of its own."""
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()
