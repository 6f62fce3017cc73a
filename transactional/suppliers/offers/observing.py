"""Offers as suppliers and staff report them: the row says what is, its history what was; doubt keeps one from use.

How facts are fetched is in `sync`; whether a cost still sells at a profit in `inversions`; what staff decide about an
offer in `offer_acts`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.alerts.service import end_alert, raise_alert
from transactional.calls import made
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.errors import NotFoundError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.errors import NoRateError
from transactional.suppliers.models import Offer, OfferObservation
from transactional.suppliers.offers import queries as offer_queries
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.queries import NewOffer
from transactional.suppliers.offers.rules import BY_STAFF, Believed, Seen, judged
from transactional.suppliers.protocols.interface import OfferFact
from transactional.suppliers.routing import inversions

QUARANTINED = "offer_quarantined"


@dataclass(frozen=True, slots=True)
class OfferChange:
    """An offer that is another than before; `before` None: it is new."""

    offer_id: int
    sku_id: int
    before: Seen | None
    after: Seen


async def observe(
    session: WriteSession,
    channel_id: int,
    facts: Sequence[OfferFact],
    source: str,
    at: datetime,
    *,
    sku_of: Mapping[str, int] | None = None,
    staff_id: int | None = None,
) -> tuple[OfferChange, ...]:
    """What changed by facts that were true at `at`; facts older than what is known already change nothing.

    `sku_of` makes offers of goods that had none, by the supplier's number; other unknown goods are passed over. What
    staff type is believed; everybody else's missing, zero or unbelievable cost quarantines the offer and is alerted,
    and a cost that does not sell at the floor any more is alerted at once.
    """
    by_sku = {fact.supplier_sku: fact for fact in facts}
    wanted = [NewOffer(sku, name, by_sku[name].currency) for name, sku in (sku_of or {}).items() if name in by_sku]
    added = await offer_queries.add(session, channel_id, wanted, at)
    rows = [row for row in await offer_queries.locked(session, channel_id, by_sku) if row.observed_at <= at]
    known = {} if source == "staff" else await believed(session, rows, by_sku, at)
    changes, quiet = [], []
    for row in rows:
        before = None if row.id in added else seen_of(row)
        after = _told(row, by_sku[row.supplier_sku], known.get(row.id))
        if before == after:
            quiet.append(row.id)
        else:
            become(session, row, after, source, at, staff_id)
            changes.append(OfferChange(row.id, row.sku_id, before, after))
    await session.flush()
    await offer_queries.touch(session, quiet, at)
    await alert(session, rows, changes)
    return tuple(changes)


async def look(engine: AsyncEngine, vault: Vault, offer_id: int) -> None:
    """Asks the channel for one good now, before an order is bought by it; what it says is observed.

    When it does not answer, nothing changes. Raises NotFoundError, ChannelWithoutProtocolError, ConfigurationError.
    """
    async with reading(engine) as session:
        offer = await session.get(Offer, offer_id)
    if offer is None:
        raise NotFoundError
    async with channels.opening(engine, vault, offer.channel_id) as opened:
        at = clock.now()
        target = f"supplier:{opened.channel.code}"
        said = await made(
            engine, target, "offers", str(offer.public_id), lambda: opened.supply.offers([offer.supplier_sku])
        )
    if said.value is not None:
        async with writing(engine) as session:
            await observe(session, offer.channel_id, told_or_gone([offer], said.value), "order", at)


def told_or_gone(asked: Sequence[Offer], told: Sequence[OfferFact]) -> list[OfferFact]:
    """What was told of the goods asked for; one that the supplier left out is not on sale."""
    known = {fact.supplier_sku for fact in told}
    gone = {row.supplier_sku: row for row in asked if row.supplier_sku not in known}
    return [
        *told,
        *(OfferFact(name, row.supplier_name, row.unit_cost, row.currency, 0, False) for name, row in gone.items()),
    ]


def seen_of(row: Offer) -> Seen:
    """What a row says."""
    return Seen(row.unit_cost, row.currency, row.stock, row.state, row.state_reason)


def become(session: WriteSession, row: Offer, seen: Seen, source: str, at: datetime, staff_id: int | None) -> None:
    """The row and its history."""
    row.unit_cost, row.currency, row.stock = seen.unit_cost, seen.currency, seen.stock
    row.state, row.state_reason, row.observed_at = seen.state, seen.state_reason, at
    about = {"price_version": row.price_version, "observed_at": at, "recorded_by": staff_id}
    session.add(OfferObservation(offer_id=row.id, source=source, **asdict(seen), **about))


async def alert(session: WriteSession, rows: Sequence[Offer], changes: Sequence[OfferChange]) -> None:
    """Raises and ends what follows from changes: quarantines, and costs that do not sell at the floor."""
    by_id = {row.id: row for row in rows}
    for change in changes:
        row = by_id[change.offer_id]
        subject = f"offer:{row.public_id}"
        if change.after.state == "quarantined":
            about = await offer_queries.names(session, row.id)
            await raise_alert(session, QUARANTINED, subject, "warning", {**about, "reason": row.state_reason})
        elif change.before is None or change.before.state == "quarantined":
            await end_alert(session, QUARANTINED, subject)
    await inversions.judge(session, {row.sku_id for row in rows})


async def believed(
    session: ReadSession, rows: Sequence[Offer], facts: Mapping[str, OfferFact], at: datetime
) -> dict[int, Believed]:
    """By offer, the cost that counted last, comparable with the one that its fact tells."""
    last = await offer_queries.believed(session, [row.id for row in rows])
    currency, timezone = await offer_queries.profile(session)
    on = clock.business_date(at, ZoneInfo(timezone))
    found = {}
    for row in rows:
        if row.id in last:
            cost, before = last[row.id]
            now = facts[row.supplier_sku].currency
            found[row.id] = Believed(cost, await _ratio(session, before, now, currency, on))
    return found


async def _ratio(session: ReadSession, before: str, now: str, shop_currency: str, on: date) -> Decimal | None:
    if before == now:
        return Decimal(1)
    try:
        worth = await rates.fen_per(session, before, shop_currency, on)
        return worth / await rates.fen_per(session, now, shop_currency, on)
    except NoRateError:
        return None


def _told(row: Offer, fact: OfferFact, known: Believed | None) -> Seen:
    row.supplier_name, row.price_version = fact.name[:200], fact.price_version
    row.fields = {"asked": [asdict(each) for each in fact.fields]}
    seen = judged(fact, known)
    return replace(seen, state="withdrawn", state_reason=BY_STAFF) if row.state_reason == BY_STAFF else seen
