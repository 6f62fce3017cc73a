"""A simulated HMAC card supplier's account, and channels to it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal

from simulation.suppliers.entries import Good, GoodField
from simulation.suppliers.misbehaviour import Misbehaviour
from simulation.suppliers.spec import AccountSpec
from simulation.suppliers.tempo import Tempo
from tests.simulation.suppliers.served import World
from transactional.suppliers.protocols.configured import supply
from transactional.suppliers.protocols.hmac_card import HmacCardSupply
from transactional.suppliers.protocols.interface import SupplyAsk

NAME = "hmac-a"
CREDENTIALS = {"key_id": "ak-simulated", "secret": "as-simulated-secret"}
NOTICES = "http://shop.test/suppliers/2/notices"
GOODS = (
    Good("12-345", "音乐月卡", "card", Decimal("12.5"), stock=40, face_value=Decimal(15)),
    Good("12-346", "音乐季卡", "card", Decimal("36.0001"), face_value=Decimal(45)),
    Good("13-400", "游戏点券 直充", "direct", Decimal("9.4"), fields=(GoodField("account", "充值账号"),)),
)


def spec(**changes: object) -> AccountSpec:
    """Fresh every time: misbehaviour is counted in it."""
    usual = AccountSpec(
        NAME,
        "hmac_card",
        CREDENTIALS,
        GOODS,
        deposit=Decimal(1000),
        tempo=Tempo(finish_s=0, hang_s=2.5),
        misbehaviour=Misbehaviour(),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def channel(
    world: World, patience_s: int = 2, credentials: dict[str, str] | None = None, **options: object
) -> AsyncIterator[HmacCardSupply]:
    made = supply("hmac_card", world.url(NAME), credentials or CREDENTIALS, options, patience_s)
    assert isinstance(made, HmacCardSupply)
    try:
        yield made
    finally:
        await made.aclose()


def card(request_no: str, **changes: object) -> SupplyAsk:
    usual = SupplyAsk(request_no, "12-345", 1, "CNY", Decimal("12.5"), callback_url=NOTICES)
    return replace(usual, **changes)  # type: ignore[arg-type]
