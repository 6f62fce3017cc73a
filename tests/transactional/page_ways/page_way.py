"""A way to a page: whom it is for, and a request that succeeds; the same words as for operations of the API."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from tests.transactional.api_ways.way import STAFF
from tests.transactional.api_ways.world import World
from transactional.accounts.rules import MAY
from transactional.accounts.schemas import CustomerSubject

File = tuple[str, tuple[str, bytes, str]]


@dataclass(frozen=True)
class Sent:
    """One request that can succeed now. `names` fill the braces of the path; `cookies` are more than the log-in's."""

    names: Mapping[str, object] = field(default_factory=dict)
    form: Mapping[str, Any] = field(default_factory=dict)
    customer: CustomerSubject | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    files: tuple[File, ...] = ()
    cookies: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class PageWay:
    """`by`: the roles that may, the one that it is for first; `to_strangers`: what another customer is answered.

    `answer`: what success looks like, where it is neither a page nor a way on to one.
    """

    by: tuple[str, ...]
    prepare: Callable[[World], Awaitable[Sent]]
    to_strangers: tuple[int, ...] = ()
    answer: int | None = None
    afterwards: Callable[[World], Awaitable[None]] | None = None


PageWays = dict[str, PageWay]
"""By method and path."""


def may(act: str) -> tuple[str, ...]:
    """The roles that may do an act, in an order that keeps the owner's for last."""
    return tuple(role for role in (*STAFF[1:], STAFF[0]) if role in MAY[act])


def asked(**query: str) -> Callable[[World], Awaitable[Sent]]:
    """It can be asked at any time."""

    async def prepare(world: World) -> Sent:
        return Sent(query=query)

    return prepare


def said(**form: Any) -> Callable[[World], Awaitable[Sent]]:
    """A form that can be sent at any time, under a key of its own."""

    async def prepare(world: World) -> Sent:
        return Sent(form=keyed(**form))

    return prepare


async def any_customer(world: World) -> Sent:
    """Any customer sees a page of their own there."""
    return Sent(customer=await world.customer())


def keyed(**form: Any) -> dict[str, Any]:
    """What was typed, under a key of its own."""
    return {"idempotency_key": uuid4().hex, **form}
