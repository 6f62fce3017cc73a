"""A simulated Reloadly-like supplier's account, and channels to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

from simulation.suppliers.account import Account
from simulation.suppliers.entries import Good, GoodField
from simulation.suppliers.misbehaviour import Misbehaviour
from simulation.suppliers.reloadly_authority import Authority
from simulation.suppliers.reloadly_notices import ReloadlyAnnouncer
from simulation.suppliers.spec import AccountSpec
from simulation.suppliers.tempo import Tempo
from tests.simulation.suppliers.served import World
from transactional.suppliers.protocols.configured import supply
from transactional.suppliers.protocols.interface import SupplyAsk
from transactional.suppliers.protocols.reloadly import ReloadlySupply

NAME = "reloadly-a"
CREDENTIALS = {"client_id": "client-7", "client_secret": "hush", "webhook_secret": "whsec-7"}
NOTICES = "http://shop.test/suppliers/3/notices"
GOODS = (
    Good("10:25", "Store card", "card", Decimal("24.35")),
    Good("10:50.5", "Store card", "card", Decimal("49.1")),
    Good("11:5", "Game points", "card", Decimal("5.2"), fields=(GoodField("userId", "User ID"),)),
    Good("5001:10", "Any value card", "card", Decimal("9.5")),
    Good("5001:100", "Any value card", "card", Decimal("95")),
)


def spec(**changes: object) -> AccountSpec:
    """Fresh every time: misbehaviour is counted in it."""
    usual = AccountSpec(
        NAME,
        "reloadly",
        CREDENTIALS,
        GOODS,
        currency="USD",
        deposit=Decimal(1000),
        push_url=NOTICES,
        tempo=Tempo(finish_s=0, hang_s=2.5),
        misbehaviour=Misbehaviour(),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


def authority(account: Account) -> Authority:
    assert isinstance(account.announcer, ReloadlyAnnouncer)
    return account.announcer.authority


@asynccontextmanager
async def channel(
    world: World, patience_s: int = 3, credentials: dict[str, str] | None = None, **options: object
) -> AsyncIterator[ReloadlySupply]:
    options = {"auth_url": f"{world.url(NAME)}/oauth/token", **options}
    made = supply("reloadly", world.url(NAME), credentials or CREDENTIALS, options, patience_s)
    assert isinstance(made, ReloadlySupply)
    try:
        yield made
    finally:
        await made.aclose()


def card(request_no: str, **changes: object) -> SupplyAsk:
    usual = SupplyAsk(request_no, "10:25", 1, "USD", Decimal("24.35"))
    return replace(usual, **changes)  # type: ignore[arg-type]
