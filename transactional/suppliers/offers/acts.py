"""What staff decide about an offer: that a doubted cost is right, that it is not to be bought by, that it is again."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.db import WriteSession
from transactional.errors import NotFoundError
from transactional.suppliers.errors import NothingToBelieveError
from transactional.suppliers.models import Offer
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers.observing import OfferChange, seen_of
from transactional.suppliers.offers.rules import BY_STAFF, Seen, judged
from transactional.suppliers.protocols.interface import OfferFact


async def believe(session: WriteSession, offer_id: UUID, staff_id: int, reason: str = "") -> None:
    """Ends a quarantine: the cost is right. Raises NotFoundError, NothingToBelieveError."""
    row = await _locked(session, offer_id)
    if row.state == "quarantined":
        if row.unit_cost is None or row.unit_cost <= 0:
            raise NothingToBelieveError
        await _decide(session, row, replace(seen_of(row), state="active", state_reason=""), staff_id)
        await accounts.record_act(session, staff_id, "believe_offer", f"offer:{row.public_id}", reason=reason)


async def withdraw(session: WriteSession, offer_id: UUID, staff_id: int, reason: str = "") -> None:
    """Nothing is bought by it until staff bring it back; its price is followed on. Raises NotFoundError."""
    row = await _locked(session, offer_id)
    if row.state_reason != BY_STAFF:
        await _decide(session, row, replace(seen_of(row), state="withdrawn", state_reason=BY_STAFF), staff_id)
        await accounts.record_act(session, staff_id, "withdraw_offer", f"offer:{row.public_id}", reason=reason)


async def restore(session: WriteSession, offer_id: UUID, staff_id: int, reason: str = "") -> None:
    """Brings back what staff withdrew, at the cost known last, judged anew. Raises NotFoundError."""
    row = await _locked(session, offer_id)
    if row.state_reason == BY_STAFF:
        fact = OfferFact(row.supplier_sku, row.supplier_name, row.unit_cost, row.currency, row.stock, True)
        known = await offers.believed(session, [row], {row.supplier_sku: fact}, row.observed_at)
        await _decide(session, row, judged(fact, known.get(row.id)), staff_id)
        await accounts.record_act(session, staff_id, "restore_offer", f"offer:{row.public_id}", reason=reason)


async def _locked(session: WriteSession, offer_id: UUID) -> Offer:
    row = await session.scalar(select(Offer).where(Offer.public_id == offer_id).with_for_update(key_share=True))
    if row is None:
        raise NotFoundError
    return row


async def _decide(session: WriteSession, row: Offer, after: Seen, staff_id: int) -> None:
    change = OfferChange(row.id, row.sku_id, seen_of(row), after)
    offers.become(session, row, after, "staff", max(clock.now(), row.observed_at), staff_id)
    await session.flush()
    await offers.alert(session, [row], [change])
