"""Reading parcels and what couriers said of them."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import ErasedError
from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.errors import NotFoundError
from transactional.logistics.couriers import COURIERS
from transactional.logistics.models import Shipment, ShipmentEvent
from transactional.logistics.schemas import ParcelDetail, ParcelEvent, ParcelView

EVENT_PLACE = "courier's word"
BACK = frozenset({"returned", "lost"})
"""States in which nothing is left to confirm."""


async def of_order(session: ReadSession, order_id: int, vault: Vault | None) -> tuple[ParcelView, ...]:
    """An order's parcels, oldest first; with a vault, the courier's last word too."""
    rows = await session.scalars(select(Shipment).where(Shipment.order_id == order_id).order_by(Shipment.id))
    return tuple([await _view(session, row, vault) for row in rows])


async def detail(session: ReadSession, vault: Vault, public_id: UUID, customer_id: int | None) -> ParcelDetail:
    """A parcel with its events; of that customer if one is named. Raises NotFoundError."""
    row = (await session.scalars(_one(public_id, customer_id))).one_or_none()
    if row is None:
        raise NotFoundError
    events = await _events(session, row, vault)
    return ParcelDetail(
        **_facts(row, events[0].word if events else ""),
        purpose=row.purpose,
        reference=row.reference,
        events=tuple(events),
        can_confirm=row.confirmed_at is None and row.state not in BACK,
    )


async def shipment(session: ReadSession, public_id: UUID, customer_id: int | None) -> Shipment:
    """Raises NotFoundError."""
    row = (await session.scalars(_one(public_id, customer_id))).one_or_none()
    if row is None:
        raise NotFoundError
    return row


def _one(public_id: UUID, customer_id: int | None) -> Select[Shipment]:
    found = select(Shipment).where(Shipment.public_id == public_id)
    return found if customer_id is None else found.where(Shipment.customer_id == customer_id)


async def _view(session: ReadSession, row: Shipment, vault: Vault | None) -> ParcelView:
    events = await _events(session, row, vault, most=1) if vault is not None else []
    return ParcelView(**_facts(row, events[0].word if events else ""))


def _facts(row: Shipment, last_word: str) -> dict[str, Any]:
    name_zh, name_en = COURIERS.get(row.courier, (row.courier, row.courier))
    return {
        "id": row.public_id,
        "courier": row.courier,
        "courier_zh": name_zh,
        "courier_en": name_en,
        "tracking_no": row.tracking_no,
        "state": row.state,
        "sent_at": row.sent_at,
        "last_word": last_word,
        "last_event_at": row.last_event_at,
        "confirmed_at": row.confirmed_at,
    }


async def _events(session: ReadSession, row: Shipment, vault: Vault, most: int = 300) -> list[ParcelEvent]:
    found = select(ShipmentEvent).where(ShipmentEvent.shipment_id == row.id)
    newest = found.order_by(ShipmentEvent.happened_at.desc(), ShipmentEvent.id.desc()).limit(most)
    return await _opened(session, row.customer_id, list(await session.scalars(newest)), vault)


async def _opened(
    session: ReadSession, customer_id: int, rows: Sequence[ShipmentEvent], vault: Vault
) -> list[ParcelEvent]:
    """Nothing for a customer who was erased."""
    opened = []
    for row in rows:
        sealed = personal.Sealed(row.data_key_id, bytes(row.sealed))
        try:
            word = (await personal.unseal(session, vault, customer_id, EVENT_PLACE, sealed))["word"]
        except ErasedError:
            return []
        opened.append(ParcelEvent(happened_at=row.happened_at, word=word))
    return opened
