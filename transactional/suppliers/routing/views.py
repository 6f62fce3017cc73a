"""What the desk's pages of routing show: names of channels and SKUs, decisions, versions of policies. Reads only."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, text

from transactional.accounts.models import Staff
from transactional.db import ReadSession
from transactional.suppliers.models import RoutingDecision, RoutingPolicy

CHANNELS = text("select id, public_id, code, name, state from shop.supply_channel order by state = 'ended', name, id")
SKU = """
select s.id, s.code, s.name_zh, s.name_en, p.title_zh, p.title_en, (
        select list_price_fen from shop.price where sku_id = s.id and valid_from <= :at
        order by valid_from desc limit 1
    ) as price_fen
from shop.sku as s join shop.product as p on p.id = s.product_id
"""
ONE_SKU = text(f"{SKU} where s.code = :code")
SKUS = text(f"{SKU} where s.id = any(cast(:ids as bigint[])) order by s.code")
OFFERED = text("select distinct s.code from shop.offer as o join shop.sku as s on s.id = o.sku_id order by s.code")


@dataclass(frozen=True, slots=True)
class ChannelName:
    id: int
    public_id: UUID
    code: str
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class RoutedSku:
    """A SKU with its product's titles; `price_fen` None: it has no price."""

    id: int
    code: str
    name_zh: str
    name_en: str
    title_zh: str
    title_en: str
    price_fen: int | None


async def channels(session: ReadSession) -> list[ChannelName]:
    """All, ended ones last."""
    return [ChannelName(**row) for row in (await session.execute(CHANNELS)).mappings()]


async def sku(session: ReadSession, code: str, at: datetime) -> RoutedSku | None:
    row = (await session.execute(ONE_SKU, {"code": code, "at": at})).mappings().one_or_none()
    return RoutedSku(**row) if row else None


async def skus(session: ReadSession, ids: Collection[int], at: datetime) -> list[RoutedSku]:
    rows = await session.execute(SKUS, {"ids": list(ids), "at": at})
    return [RoutedSku(**row) for row in rows.mappings()]


async def offered_codes(session: ReadSession) -> Sequence[str]:
    """Codes of SKUs that some channel offers."""
    return (await session.scalars(OFFERED)).all()


async def decisions(session: ReadSession, limit: int, sku_id: int | None = None) -> Sequence[RoutingDecision]:
    """The newest first."""
    newest = select(RoutingDecision).order_by(RoutingDecision.id.desc()).limit(limit)
    if sku_id is not None:
        newest = newest.where(RoutingDecision.sku_id == sku_id)
    return (await session.scalars(newest)).all()


async def decision(session: ReadSession, public_id: UUID) -> RoutingDecision | None:
    found: RoutingDecision | None = await session.scalar(
        select(RoutingDecision).where(RoutingDecision.public_id == public_id)
    )
    return found


async def versions(session: ReadSession, sku_id: int | None, limit: int) -> list[tuple[RoutingPolicy, str | None]]:
    """Policies of a SKU, or of the shop, the newest first, with the name of who made each."""
    of_it = RoutingPolicy.sku_id.is_(None) if sku_id is None else RoutingPolicy.sku_id == sku_id
    found = select(RoutingPolicy, Staff.display_name).join(Staff, Staff.id == RoutingPolicy.made_by, isouter=True)
    rows = await session.execute(found.where(of_it).order_by(RoutingPolicy.id.desc()).limit(limit))
    return [(row.RoutingPolicy, row.display_name) for row in rows]
