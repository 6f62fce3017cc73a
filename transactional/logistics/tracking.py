"""What couriers say of parcels: asked for by the worker or brought by callbacks, applied the same way.

Reports come late, twice and in any order; what is kept depends on what was heard, never on when.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select

from mingsuan import clock
from transactional import calls
from transactional.accounts.persons import personal
from transactional.backoffice.service import open_case, resolve_subject
from transactional.cards.vault import Vault
from transactional.db import WriteSession, writing
from transactional.jobs import defer
from transactional.logistics import destinations
from transactional.logistics.couriers import UNTRACKED, WANTS_PHONE
from transactional.logistics.dispatching import SUBSCRIBE
from transactional.logistics.kuaidi_words import Event, Report
from transactional.logistics.models import Shipment, ShipmentEvent
from transactional.logistics.queries import EVENT_PLACE
from transactional.logistics.rules import OVER, TROUBLE, Standing, after, next_ask, standing
from transactional.payments.addresses import public_url
from transactional.shop import Shop

CASE = "parcel_trouble"
AT_ONCE = 100
SUBSCRIPTIONS = 5
AHEAD = timedelta(days=1)
"""Clocks of couriers differ; what lies further ahead is a mistake, and would silence everything after it."""


def salt_of(vault: Vault, parcel: UUID) -> str:
    """The secret that signs the callbacks of a parcel; another one for each, and nowhere kept."""
    return vault.fingerprint(f"mingsuan/courier-callback/v1\0{parcel}").hex()[:32]


async def heard(session: WriteSession, vault: Vault, row: Shipment, report: Report, heard_by: str) -> None:
    """Applies a report to a locked parcel; the same again, or an older one, changes nothing but what is known."""
    latest = clock.now() + AHEAD
    events = [event for event in report.events if event.happened_at <= latest]
    if not events:
        return
    await _keep(session, vault, row, events, heard_by)
    known = standing(row.last_event_at, row.heard, row.state) if row.last_event_at else None
    newest = max(event.happened_at for event in events)
    now = after(known, standing(newest, len(events), report.state))
    if now != known:
        await _stands(session, row, now)


async def _keep(session: WriteSession, vault: Vault, row: Shipment, events: Sequence[Event], heard_by: str) -> None:
    known = set(await session.scalars(select(ShipmentEvent.word_index).where(ShipmentEvent.shipment_id == row.id)))
    for event in events:
        said = f"{row.public_id}\0{event.happened_at.isoformat()}\0{event.word}"
        index = personal.index(vault, "courier's word", said)
        if index in known:
            continue
        known.add(index)
        try:
            sealed = await personal.seal(session, vault, row.customer_id, EVENT_PLACE, {"word": event.word})
        except personal.ErasedError:
            return  # of an erased person no word is kept; the parcel's state goes on
        session.add(
            ShipmentEvent(
                shipment_id=row.id,
                happened_at=event.happened_at,
                heard_by=heard_by,
                word_index=index,
                data_key_id=sealed.data_key_id,
                sealed=sealed.content,
            )
        )
    await session.flush()


async def _stands(session: WriteSession, row: Shipment, now: Standing) -> None:
    row.last_event_at, row.heard, row.state = now.newest_at, now.heard, now.state
    row.signed_at = now.newest_at if now.state == "signed" else None
    if now.state in OVER:
        row.ask_at = None
    await session.flush()
    if now.state in TROUBLE:
        await note_trouble(session, row)
    elif now.state == "signed":
        for state in sorted(TROUBLE):
            await resolve_subject(session, CASE, f"{row.public_id}/{state}", "signed for")


async def note_trouble(session: WriteSession, row: Shipment) -> None:
    """A person should look at the parcel; once for each state that says so."""
    detail: dict[str, str | int | None] = {
        "state": row.state,
        "reference": row.reference,
        "courier": row.courier,
        "tracking_no": row.tracking_no,
    }
    await open_case(session, CASE, f"{row.public_id}/{row.state}", None, detail)


async def ask(shop: Shop, shipment_id: int) -> None:
    """Asks about a parcel and applies the answer; without one nothing changes. Commits by itself."""
    tracker = shop.tracker
    if tracker is None:
        return
    async with writing(shop.engine) as session:
        row = await session.get_one(Shipment, shipment_id, with_for_update=True)
        if row.state in OVER or row.confirmed_at is not None:
            row.ask_at = None
            return
        at = clock.now()
        row.times_asked, row.ask_at = row.times_asked + 1, next_ask(row.times_asked, row.sent_at, at)
        about = (row.courier, row.tracking_no, await phone_end(session, shop.vault, row))
    answer = await calls.made(shop.engine, "courier", "query", about[1], lambda: tracker.query(*about))
    if answer.value is None:
        return
    async with writing(shop.engine) as session:
        row = await session.get_one(Shipment, shipment_id, with_for_update=True)
        await heard(session, shop.vault, row, answer.value, "query")


async def ask_due(shop: Shop) -> int:
    """Asks about the parcels whose time has come; how many."""
    if shop.tracker is None:
        return 0
    async with writing(shop.engine) as session:
        due = select(Shipment.id).where(Shipment.confirmed_at.is_(None), Shipment.ask_at <= clock.now())
        chosen = list(await session.scalars(due.order_by(Shipment.ask_at).limit(AT_ONCE)))
    for shipment_id in chosen:
        await ask(shop, shipment_id)
    return len(chosen)


async def subscribe(shop: Shop, shipment_id: int, attempt: int) -> None:
    """Has the service report on a parcel by itself; refused or unclear, it is tried again for a while."""
    tracker = shop.tracker
    if tracker is None:
        return
    async with writing(shop.engine) as session:
        row = await session.get_one(Shipment, shipment_id)
        if row.subscribed_at is not None or row.courier in UNTRACKED:
            return
        url = f"{public_url(shop.settings)}/couriers/{row.public_id}/reports"
        about = (row.courier, row.tracking_no, await phone_end(session, shop.vault, row), url)
        salt = salt_of(shop.vault, row.public_id)
    answer = await calls.made(shop.engine, "courier", "subscribe", about[1], lambda: tracker.subscribe(*about, salt))
    async with writing(shop.engine) as session:
        row = await session.get_one(Shipment, shipment_id, with_for_update=True)
        at: datetime = clock.now()
        if answer.outcome == "succeeded":
            row.subscribed_at = at
        elif attempt < SUBSCRIPTIONS:
            again = {"shipment_id": shipment_id, "attempt": attempt + 1}
            await defer(session, SUBSCRIBE, again, at=at + timedelta(minutes=5**attempt))


async def phone_end(session: WriteSession, vault: Vault, row: Shipment) -> str:
    """The last four digits of the recipient's number, where the courier wants them; else nothing is opened."""
    if row.courier not in WANTS_PHONE:
        return ""
    place = await destinations.place_of(session, vault, row.purpose, row.reference)
    return place.phone[-4:] if place else ""
