"""Claims for bad codes against the supplier that sold them: a purchase's, or the one of a batch; how they end.

Telling the supplier through its protocol is in `claim_sending`. What the bad code itself costs is posted where it is
replaced or refunded; here is what the supplier makes good.
"""

from collections.abc import Collection
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select, text

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.cards import batch_costs
from transactional.cards.models import CardBatch, CardDefect
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.ledger.supplier_rules import purchase_credited
from transactional.suppliers.errors import ClaimEndedError, NothingToClaimError
from transactional.suppliers.models import DefectClaim, Purchase, Supplier, SupplyChannel
from transactional.suppliers.money import balances

LARGEST_CREDIT_FEN = 10_000_000_000
OPEN_CLAIM = ("open", "sent")
# What was delivered over a channel of a supplier and is not claimed yet.
BOUGHT = text("""
select p.id from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
where p.fulfilment_id = any(cast(:units as bigint[])) and p.state = 'succeeded' and c.supplier_id is not null
    and not exists (select from shop.defect_claim as d where d.purchase_id = p.id)
order by p.id
""")
ITEM = text("select order_item_id from shop.fulfilment where id = :fulfilment_id")


async def complained(
    session: WriteSession, units: Collection[int], reason: str, staff_id: int | None, case_id: int | None = None
) -> int:
    """A customer is right about goods that a supplier delivered for these units: each becomes a claim. How many."""
    bought = list(await session.scalars(BOUGHT, {"units": list(units)}))
    for purchase_id in bought:
        await of_purchase(session, purchase_id, reason, staff_id, case_id)
    return len(bought)


async def of_purchase(
    session: WriteSession, purchase_id: int, reason: str, staff_id: int | None, case_id: int | None = None
) -> DefectClaim:
    """Raises NotFoundError, NothingToClaimError for what did not succeed, has no supplier, or is claimed already."""
    purchase = await session.get(Purchase, purchase_id, with_for_update={"key_share": True})
    if purchase is None:
        raise NotFoundError
    channel = await session.get_one(SupplyChannel, purchase.channel_id)
    claimed = await session.scalar(select(DefectClaim.id).where(DefectClaim.purchase_id == purchase.id))
    if claimed or channel.supplier_id is None or purchase.state not in ("succeeded", "late_succeeded"):
        raise NothingToClaimError
    claim = DefectClaim(
        supplier_id=channel.supplier_id,
        channel_id=channel.id,
        purchase_id=purchase.id,
        fulfilment_id=purchase.fulfilment_id,
        claimed_fen=purchase.cost_fen,
    )
    return await _opened(session, claim, reason, staff_id, case_id)


async def of_defect(session: WriteSession, defect_id: int, reason: str, staff_id: int | None) -> DefectClaim:
    """For a bad code of a batch. Raises NotFoundError, NothingToClaimError for one that is claimed already, or of a
    batch whose supplier nobody named.
    """
    defect = await session.get(CardDefect, defect_id)
    if defect is None:
        raise NotFoundError
    batch = await session.get_one(CardBatch, defect.batch_id, with_for_update={"key_share": True})
    claimed = await session.scalar(select(DefectClaim.id).where(DefectClaim.card_defect_id == defect.id))
    if claimed or not (batch.supplier_id or batch.supplier_name):
        raise NothingToClaimError
    claim = DefectClaim(
        supplier_id=batch.supplier_id,
        card_defect_id=defect.id,
        fulfilment_id=defect.fulfilment_id,
        claimed_fen=defect.cost_fen,
    )
    return await _opened(session, claim, reason, staff_id, None)


async def _opened(
    session: WriteSession, claim: DefectClaim, reason: str, staff_id: int | None, case_id: int | None
) -> DefectClaim:
    claim.reason, claim.opened_by, claim.case_id, claim.opened_at = reason, staff_id, case_id, clock.now()
    session.add(claim)
    await session.flush()
    await accounts.record_act(session, staff_id, "open_claim", f"claim:{claim.public_id}", reason=reason)
    return claim


async def locked(session: WriteSession, claim: UUID) -> DefectClaim:
    """A claim that has not ended. Raises NotFoundError, ClaimEndedError."""
    found = await session.scalar(select(DefectClaim).where(DefectClaim.public_id == claim).with_for_update())
    if found is None:
        raise NotFoundError
    if found.state not in OPEN_CLAIM:
        raise ClaimEndedError
    return found


async def accept(
    session: WriteSession, claim: UUID, credited_fen: int, reason: str, staff_id: int, zone: ZoneInfo
) -> DefectClaim:
    """The supplier makes it good: credited in the ledger and in its balance. Raises as `locked`, InvalidInputError."""
    found = await locked(session, claim)
    if not 0 < credited_fen <= LARGEST_CREDIT_FEN:
        raise InvalidInputError([FieldProblem("credited", "Must be more than zero.")])
    found.state, found.credited_fen, found.ended_at = "accepted", credited_fen, clock.now()
    if found.purchase_id is not None:
        await _credit_purchase(session, found, credited_fen, zone)
    else:
        await _credit_batch(session, found, credited_fen, reason, staff_id, zone)
    detail = {"credited_fen": credited_fen, "claimed_fen": found.claimed_fen}
    await accounts.record_act(session, staff_id, "accept_claim", f"claim:{claim}", reason=reason, detail=detail)
    return found


async def reject(session: WriteSession, claim: UUID, reason: str, staff_id: int) -> DefectClaim:
    """The supplier does not make it good: the loss stays. Raises as `locked`."""
    found = await locked(session, claim)
    found.state, found.ended_at = "rejected", clock.now()
    await session.flush()
    await accounts.record_act(session, staff_id, "reject_claim", f"claim:{claim}", reason=reason)
    return found


async def _credit_purchase(session: WriteSession, claim: DefectClaim, credited_fen: int, zone: ZoneInfo) -> None:
    purchase = await session.get_one(Purchase, claim.purchase_id)
    item_id = await session.scalar(ITEM, {"fulfilment_id": claim.fulfilment_id})
    posting = purchase_credited(
        claim.id,
        credited_fen,
        purchase.prepaid,
        item_id,
        claim.ended_at or clock.now(),
        supplier_id=claim.supplier_id,
        channel_id=claim.channel_id,
    )
    await session.flush()
    await balances.post(session, [posting], zone)


async def _credit_batch(
    session: WriteSession, claim: DefectClaim, credited_fen: int, reason: str, staff_id: int, zone: ZoneInfo
) -> None:
    defect = await session.get_one(CardDefect, claim.card_defect_id)
    batch = await session.get_one(CardBatch, defect.batch_id)
    supplier = await session.get(Supplier, claim.supplier_id) if claim.supplier_id else None
    prepaid = supplier is not None and supplier.terms == "prepaid"
    await session.flush()
    await batch_costs.credit_batch(session, batch.public_id, credited_fen, reason, staff_id, zone, prepaid=prepaid)
