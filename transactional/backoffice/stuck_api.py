"""JSON API of stuck orders, for staff."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from mingsuan import clock
from transactional.accounts.rules import may
from transactional.backoffice import stuck, stuck_queries
from transactional.backoffice.stuck_schemas import BulkOrder, BulkResult, StuckList, WaitsFor
from transactional.edge import AsStaff, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotLoggedInError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses

router = APIRouter(tags=["staff"])


@router.get("/staff/orders/stuck", responses=responses(NotLoggedInError, NotAllowedError))
async def list_stuck_orders(
    member: AsStaff,
    session: Reading,
    reason: Annotated[WaitsFor | None, Query(description="What a unit waits for")] = None,
    minutes: Annotated[int, Query(ge=0, le=1_000_000, description="Paid at least so long ago")] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> StuckList:
    """Paid orders with units that wait, oldest first."""
    if not may(member.role, "see_orders"):
        raise NotAllowedError
    before = clock.now() - timedelta(minutes=minutes)
    return await stuck_queries.stuck(session, reason, before, limit, offset)


@router.post(
    "/staff/orders/bulk",
    responses=responses(NotLoggedInError, NotAllowedError, MissingIdempotencyKeyError, IdempotencyKeyReusedError),
)
async def act_on_orders(body: BulkOrder, member: AsStaff, shop: ShopHere, session: Writing, key: Key) -> BulkResult:
    """Deliver again, refund what waits, or cancel what is unpaid: one act on record, with a result for each order."""
    if not may(member.role, "settle_orders"):
        raise NotAllowedError

    async def work() -> BulkResult:
        return await stuck.act_on(session, member.id, body.order_nos, body.act, body.reason, shop.zone)

    command = CommandKey(f"staff:{member.public_id}", key, f"bulk {body.model_dump_json()}")
    return await once(session, command, BulkResult, work)
