"""A simulated Fulu account with goods of each kind, and channels to it."""

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
from transactional.suppliers.protocols.fulu import FuluSupply
from transactional.suppliers.protocols.interface import SupplyAsk

CREDENTIALS = {"app_key": "simulated-key", "app_secret": "simulated-secret-of-32-characters"[:32]}
NOTICES = "http://shop.test/suppliers/1/notices"
GOODS = (
    Good("10000587", "视频月卡 卡密", "card", Decimal("18.35"), stock=500, face_value=Decimal(25)),
    Good(
        "10000585",
        "游戏点券 直充",
        "direct",
        Decimal("9.4"),
        fields=(GoodField("ChargeAccount", "充值账号"), GoodField("ChargeRegion", "区服", ("电信一区", "网通二区"))),
    ),
    Good("20000100", "话费 100 元", "mobile", Decimal("99.2"), face_value=Decimal(100)),
)


def spec(name: str = "fulu-a", **changes: object) -> AccountSpec:
    """Fresh every time: misbehaviour is counted in it."""
    usual = AccountSpec(
        name,
        "fulu",
        CREDENTIALS,
        GOODS,
        deposit=Decimal(1000),
        tempo=Tempo(finish_s=0, hang_s=1.2),
        misbehaviour=Misbehaviour(),
    )
    return replace(usual, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def channel(
    world: World, name: str = "fulu-a", patience_s: int = 1, **options: object
) -> AsyncIterator[FuluSupply]:
    made = supply("fulu", world.url(name), CREDENTIALS, options, patience_s)
    assert isinstance(made, FuluSupply)
    try:
        yield made
    finally:
        await made.aclose()


def card(request_no: str, **changes: object) -> SupplyAsk:
    usual = SupplyAsk(request_no, "10000587", 1, "CNY", Decimal("18.35"), callback_url=NOTICES)
    return replace(usual, **changes)  # type: ignore[arg-type]
