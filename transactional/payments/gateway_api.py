"""JSON API for staff about gateways: profit shares, chargebacks, settlements to the bank, daily bills."""

from uuid import UUID

from fastapi import APIRouter

from mingsuan import clock
from transactional.edge import AsStaff, Reading, ShopHere, Writing
from transactional.idempotency import Key, once
from transactional.jobs import defer
from transactional.payments import disputes, service, sharing
from transactional.payments.errors import AlreadyRecordedError, NotSharableError, TooMuchChargedBackError
from transactional.payments.schemas import (
    Accepted,
    BillList,
    FetchBill,
    NewChargeback,
    NewSettlement,
    NewShare,
    Reason,
    Recorded,
    ShareView,
)
from transactional.payments.staff_api import LOOK, Limit, Offset, command, refusals, require
from transactional.problems import responses

router = APIRouter(prefix="/staff", tags=["staff"])


@router.post("/profit-shares", status_code=201, responses=refusals(NotSharableError))
async def share_profit(body: NewShare, member: AsStaff, shop: ShopHere, session: Writing, key: Key) -> ShareView:
    """Share a part of a payment with a partner (分账), a minute after it was paid at the earliest."""
    require(member, "settle_payments")

    async def work() -> ShareView:
        about = (body.payment_id, body.receiver_account, body.amount_fen, member.id, body.reason)
        return ShareView.model_validate(await sharing.request(session, *about, shop.zone, clock.now()))

    return await once(session, command(member, key, "/profit-shares", body), ShareView, work)


@router.post("/profit-shares/{share_id}/return", status_code=201, responses=refusals(NotSharableError))
async def return_share(
    share_id: UUID, body: Reason, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> ShareView:
    """Ask a share back from its partner."""
    require(member, "settle_payments")

    async def work() -> ShareView:
        row = await sharing.return_by_hand(session, share_id, member.id, body.reason, shop.zone, clock.now())
        return ShareView.model_validate(row)

    return await once(session, command(member, key, f"/profit-shares/{share_id}/return", body), ShareView, work)


@router.post("/payments/{payment_id}/release-share", status_code=201, responses=refusals(NotSharableError))
async def release_share(
    payment_id: UUID, body: Reason, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> ShareView:
    """Release what a gateway still keeps for sharing: the rest is the shop's."""
    require(member, "settle_payments")

    async def work() -> ShareView:
        row = await sharing.release(session, payment_id, member.id, body.reason, shop.zone, clock.now())
        return ShareView.model_validate(row)

    return await once(session, command(member, key, f"/payments/{payment_id}/release-share", body), ShareView, work)


@router.post("/chargebacks", status_code=201, responses=refusals(TooMuchChargedBackError, AlreadyRecordedError))
async def record_chargeback(
    body: NewChargeback, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> Recorded:
    """Record money that a gateway took back after a dispute; once under the gateway's reference."""
    require(member, "settle_payments")

    async def work() -> Recorded:
        return Recorded(id=await disputes.record_chargeback(session, body, member.id, shop.zone, clock.now()))

    return await once(session, command(member, key, "/chargebacks", body), Recorded, work)


@router.post("/gateway-settlements", status_code=201, responses=refusals(AlreadyRecordedError))
async def record_settlement(
    body: NewSettlement, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> Recorded:
    """Record money that a gateway paid out to the shop's bank; once under the bank's reference."""
    require(member, "settle_payments")

    async def work() -> Recorded:
        return Recorded(id=await disputes.record_settlement(session, body, member.id, shop.zone, clock.now()))

    return await once(session, command(member, key, "/gateway-settlements", body), Recorded, work)


@router.get("/gateway-bills", responses=responses(*LOOK))
async def list_bills(member: AsStaff, session: Reading, limit: Limit = 50, offset: Offset = 0) -> BillList:
    """Daily bills as they were compared, newest day first."""
    require(member, "see_payments")
    return await service.bills(session, limit, offset)


@router.post("/gateway-bills", status_code=202, responses=refusals())
async def fetch_bill(body: FetchBill, member: AsStaff, session: Writing, key: Key) -> Accepted:
    """Have a day's bill fetched and compared now; a day that is stored stays as it is."""
    require(member, "settle_payments")

    async def work() -> Accepted:
        args = {"method": body.method, "day": body.day.isoformat()}
        await defer(session, "payments.fetch_bill", args, lock=f"bill:{body.method}:{body.day}")
        return Accepted()

    return await once(session, command(member, key, "/gateway-bills", body), Accepted, work)
