"""The rules of routing in force, for the shop and for single SKUs, and how they are replaced: by a new version."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on

from transactional.db import ReadSession, WriteSession
from transactional.suppliers.models import RoutingPolicy
from transactional.suppliers.routing.terms import Policy, Window


@dataclass(frozen=True, slots=True)
class InForce:
    """A policy and the row that says so; None: nobody made rules yet."""

    policy: Policy
    row: RoutingPolicy | None = None

    @property
    def policy_id(self) -> int | None:
        return self.row.id if self.row else None


@dataclass(frozen=True, slots=True)
class Policies:
    """The shop's policy, and those of SKUs that have their own."""

    shop: InForce
    own: Mapping[int, InForce]

    def of(self, sku_id: int) -> InForce:
        return self.own.get(sku_id, self.shop)


async def in_force(session: ReadSession, sku_ids: Collection[int] | None = None) -> Policies:
    """For these SKUs, or for all that have rules of their own."""
    newest = select(RoutingPolicy).ext(distinct_on(RoutingPolicy.sku_id))
    newest = newest.order_by(RoutingPolicy.sku_id, RoutingPolicy.id.desc())
    if sku_ids is not None:
        newest = newest.where(RoutingPolicy.sku_id.is_(None) | RoutingPolicy.sku_id.in_(sku_ids))
    rows = {row.sku_id: row for row in await session.scalars(newest)}
    shop = rows.pop(None, None)
    own = {sku: InForce(policy_of(row), row) for sku, row in rows.items() if sku and not row.follows_shop}
    return Policies(InForce(policy_of(shop), shop) if shop else InForce(Policy()), own)


async def set_policy(
    session: WriteSession, sku_id: int | None, policy: Policy, reason: str, staff_id: int | None
) -> RoutingPolicy:
    """From now on this policy holds, for a SKU or the shop; the ones before stay on record."""
    return await _add(session, sku_id, policy, reason, staff_id, follows_shop=False)


async def follow_shop(session: WriteSession, sku_id: int, reason: str, staff_id: int | None) -> RoutingPolicy:
    """From now on the shop's policy holds for a SKU again."""
    return await _add(session, sku_id, Policy(), reason, staff_id, follows_shop=True)


async def _add(
    session: WriteSession, sku_id: int | None, policy: Policy, reason: str, staff_id: int | None, *, follows_shop: bool
) -> RoutingPolicy:
    row = RoutingPolicy(sku_id=sku_id, reason=reason, made_by=staff_id, follows_shop=follows_shop, **_columns(policy))
    session.add(row)
    await session.flush()
    return row


def policy_of(row: RoutingPolicy) -> Policy:
    windows = tuple(Window(each["channel_id"], each["from_minute"], each["to_minute"]) for each in row.windows)
    return replace(
        Policy(),
        floor_margin_fen=row.floor_margin_fen,
        floor_margin_per_myriad=row.floor_margin_per_myriad,
        max_unit_cost_fen=row.max_unit_cost_fen,
        pinned_channel_id=row.pinned_channel_id,
        excluded_channel_ids=tuple(row.excluded_channel_ids),
        regions=tuple(row.regions),
        windows=windows,
        explore_per_myriad=row.explore_per_myriad,
        at_loss="refund" if row.at_loss == "refund" else "hold",
    )


def _columns(policy: Policy) -> dict[str, Any]:
    windows = [
        {"channel_id": each.channel_id, "from_minute": each.from_minute, "to_minute": each.to_minute}
        for each in policy.windows
    ]
    return {
        "floor_margin_fen": policy.floor_margin_fen,
        "floor_margin_per_myriad": policy.floor_margin_per_myriad,
        "max_unit_cost_fen": policy.max_unit_cost_fen,
        "pinned_channel_id": policy.pinned_channel_id,
        "excluded_channel_ids": list(policy.excluded_channel_ids),
        "regions": list(policy.regions),
        "windows": windows,
        "explore_per_myriad": policy.explore_per_myriad,
        "at_loss": policy.at_loss,
    }
