"""JSON API of payments for staff: lists, refunds, receipts that no order took, and cases."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from mingsuan import clock
from transactional.accounts.rules import may
from transactional.accounts.schemas import StaffSubject
from transactional.accounts.service import record_act
from transactional.backoffice.service import resolve_case
from transactional.edge import AsStaff, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    MissingIdempotencyKeyError,
    NotAllowedError,
    NotFoundError,
    NotLoggedInError,
    ShopError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.orders.errors import NotRefundableError
from transactional.payments import payouts, receipts, service
from transactional.payments.errors import (
    AmountDiffersError,
    OrderNotPayableError,
    PartOfUndeliveredError,
    PayoutNotFailedError,
    ReceiptNotOpenError,
    RefundTooLargeError,
)
from transactional.payments.schemas import (
    Accepted,
    ApplyReceipt,
    CaseList,
    CaseState,
    NewRefund,
    PaymentMethod,
    PaymentState,
    PayoutList,
    PayoutState,
    Reason,
    ReceiptList,
    ReceiptState,
    ReceiptView,
    RetryPayout,
    StaffPaymentList,
)
from transactional.problems import responses
from transactional.schemas import Command

router = APIRouter(prefix="/staff", tags=["staff"])
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=10**9)]
OrderNo = Annotated[str | None, Query(max_length=64)]
LOOK = (NotLoggedInError, NotAllowedError)
COMMAND = (*LOOK, NotFoundError, MissingIdempotencyKeyError, IdempotencyKeyReusedError)


def require(member: StaffSubject, act: str) -> None:
    """Raises NotAllowedError."""
    if not may(member.role, act):
        raise NotAllowedError


def command(member: StaffSubject, key: str, path: str, body: Command) -> CommandKey:
    """A member's command: the same key with another body is refused."""
    return CommandKey(f"staff:{member.id}", key, f"POST {path} {body.model_dump_json()}")


def refusals(*kinds: type[ShopError]) -> dict[int | str, dict[str, object]]:
    """What a command of staff may answer."""
    return responses(*COMMAND, *kinds)


@router.get("/payments", responses=responses(*LOOK))
async def list_payments(
    member: AsStaff,
    session: Reading,
    state: PaymentState | None = None,
    method: PaymentMethod | None = None,
    order_no: OrderNo = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> StaffPaymentList:
    """Attempts to pay, newest first."""
    require(member, "see_payments")
    return await service.payments(session, state, method, order_no, limit, offset)


@router.get("/payouts", responses=responses(*LOOK))
async def list_payouts(
    member: AsStaff,
    session: Reading,
    state: PayoutState | None = None,
    order_no: OrderNo = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> PayoutList:
    """Money on its way back, newest first."""
    require(member, "see_payments")
    return await service.payouts(session, state, order_no, limit, offset)


@router.post(
    "/refunds",
    status_code=201,
    responses=refusals(RefundTooLargeError, PartOfUndeliveredError, NotRefundableError),
)
async def refund(body: NewRefund, member: AsStaff, shop: ShopHere, session: Writing, key: Key) -> PayoutList:
    """Refund units, or parts of delivered ones; wallets get it at once, gateways are asked by the worker."""
    require(member, "refund")

    async def work() -> PayoutList:
        return await service.refund(session, body, member.id, clock.now(), shop.zone)

    return await once(session, command(member, key, "/refunds", body), PayoutList, work)


@router.post("/payouts/{payout_id}/retry", status_code=202, responses=refusals(PayoutNotFailedError))
async def retry_payout(
    payout_id: UUID, body: RetryPayout, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> Accepted:
    """Send money that failed to go back again, under a new number, or into the customer's wallet."""
    require(member, "refund")

    async def work() -> Accepted:
        to_wallet = body.to == "wallet"
        await payouts.retry(session, payout_id, to_wallet, member.id, body.reason, shop.zone, clock.now())
        return Accepted()

    return await once(session, command(member, key, f"/payouts/{payout_id}/retry", body), Accepted, work)


@router.get("/receipts", responses=responses(*LOOK))
async def list_receipts(
    member: AsStaff, session: Reading, state: ReceiptState | None = None, limit: Limit = 50, offset: Offset = 0
) -> ReceiptList:
    """Money that came and that no order could take, newest first."""
    require(member, "see_payments")
    return await service.receipts(session, state, limit, offset)


@router.post(
    "/receipts/{receipt_id}/apply",
    responses=refusals(ReceiptNotOpenError, OrderNotPayableError, AmountDiffersError),
)
async def apply_receipt(
    receipt_id: UUID, body: ApplyReceipt, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> ReceiptView:
    """Pay an order with money that came without one; it goes on like any late payment."""
    require(member, "settle_payments")

    async def work() -> ReceiptView:
        at = clock.now()
        by = (member.id, body.reason)
        row = await receipts.apply_by_hand(session, receipt_id, body.order_no, *by, shop.zone, at)
        return ReceiptView.model_validate(row)

    return await once(session, command(member, key, f"/receipts/{receipt_id}/apply", body), ReceiptView, work)


@router.post("/receipts/{receipt_id}/return", responses=refusals(ReceiptNotOpenError))
async def return_receipt(
    receipt_id: UUID, body: Reason, member: AsStaff, shop: ShopHere, session: Writing, key: Key
) -> ReceiptView:
    """Send money that came without an order back the way it came."""
    require(member, "settle_payments")

    async def work() -> ReceiptView:
        row = await receipts.return_by_hand(session, receipt_id, member.id, body.reason, shop.zone, clock.now())
        return ReceiptView.model_validate(row)

    return await once(session, command(member, key, f"/receipts/{receipt_id}/return", body), ReceiptView, work)


@router.get("/cases", responses=responses(*LOOK))
async def list_cases(
    member: AsStaff,
    session: Reading,
    state: CaseState | None = None,
    kind: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> CaseList:
    """What waits for a person, newest first."""
    require(member, "see_payments")
    return await service.cases(session, state, kind, limit, offset)


@router.post("/cases/{case_id}/resolve", responses=refusals())
async def resolve(case_id: UUID, body: Reason, member: AsStaff, session: Writing, key: Key) -> Accepted:
    """Close a case, saying how it ended. It changes no money."""
    require(member, "resolve_cases")

    async def work() -> Accepted:
        await resolve_case(session, case_id, member.id, body.reason)
        await record_act(session, member.id, "resolve_case", str(case_id), reason=body.reason)
        return Accepted()

    return await once(session, command(member, key, f"/cases/{case_id}/resolve", body), Accepted, work)
