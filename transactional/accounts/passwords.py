"""Hashing passwords (argon2id) in a bounded pool of threads, outside the event loop."""

import os
from functools import cache

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

_limiter: RunVar[CapacityLimiter] = RunVar("password_hashing")


async def hashed(password: str) -> str:
    """The argon2id hash, with its parameters and salt."""
    return await to_thread.run_sync(_hasher().hash, password, limiter=_at_once())


async def matches(password: str, password_hash: str | None) -> bool:
    """Whether the password fits. Without a hash (an unknown person) it takes as long and says no."""
    fits = await to_thread.run_sync(_fits, password, password_hash or _nobody(), limiter=_at_once())
    return fits and password_hash is not None


def _fits(password: str, password_hash: str) -> bool:
    return _hasher().verify(password, password_hash)


@cache
def _hasher() -> PasswordHash:
    return PasswordHash((Argon2Hasher(),))


@cache
def _nobody() -> str:
    return _hasher().hash(os.urandom(16).hex())


def _at_once() -> CapacityLimiter:
    """At most one hash a core: each takes 64 MiB for tens of milliseconds."""
    try:
        return _limiter.get()
    except LookupError:
        limiter = CapacityLimiter(os.cpu_count() or 1)
        _limiter.set(limiter)
        return limiter
