"""A way: who an operation of the API is for, and how it comes about that it can be done."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.transactional.api_ways.world import World
from transactional.accounts.schemas import CustomerSubject

ANYBODY = ("",)
CUSTOMER = ("customer",)
STAFF = ("owner", "operator", "buyer", "auditor")
OPERATORS = ("operator", "owner")
BUYERS = ("buyer", "operator", "owner")
AUDITORS = ("auditor", "owner")
OWNER = ("owner",)


@dataclass(frozen=True)
class Asked:
    """One request that can succeed now: what fills the braces of the path, the body, whose it is."""

    names: Mapping[str, object] = field(default_factory=dict)
    body: Any = None
    customer: CustomerSubject | None = None
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    file: bytes | None = None


@dataclass(frozen=True)
class Way:
    """`by`: the roles that may, the one that the operation is for first."""

    by: tuple[str, ...]
    prepare: Callable[[World], Awaitable[Asked]]
    afterwards: Callable[[World], Awaitable[None]] | None = None


Ways = dict[str, Way]
"""By method and path below /api/v1."""


async def nothing(world: World) -> Asked:
    """It can be asked at any time."""
    return Asked()


async def as_customer(world: World) -> Asked:
    """Any customer may ask it at any time."""
    return Asked(customer=await world.customer())
