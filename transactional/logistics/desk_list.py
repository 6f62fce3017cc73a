"""Parcels that were sent, as the desk lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.logistics.couriers import COURIERS

A_PAGE = 50
Shown = Literal["under_way", "trouble", "all"]

SENT = text("""
select s.public_id, s.reference, s.purpose, s.courier, s.tracking_no, s.state, s.sent_at, s.last_event_at,
    s.confirmed_at
from shop.shipment as s
where (:shown = 'all' or (s.confirmed_at is null and (:shown = 'under_way'
        or s.state in ('problem', 'refused', 'returning', 'returned', 'lost'))))
    and (cast(:number as text) = '' or s.tracking_no = :number or s.reference = :number)
order by s.id desc limit :limit offset :offset
""")


@dataclass(frozen=True, slots=True)
class Sent:
    id: UUID
    reference: str
    purpose: str
    courier_zh: str
    courier_en: str
    tracking_no: str
    state: str
    sent_at: datetime
    last_event_at: datetime | None
    confirmed_at: datetime | None


async def sent(session: ReadSession, shown: Shown, number: str, page: int) -> tuple[list[Sent], bool]:
    """A page of parcels, newest first, and whether there are more."""
    asked = {"shown": shown, "number": number.strip().upper(), "limit": A_PAGE + 1, "offset": (page - 1) * A_PAGE}
    rows = list(await session.execute(SENT, asked))
    return [_sent(dict(row._mapping)) for row in rows[:A_PAGE]], len(rows) > A_PAGE


def _sent(row: Mapping[str, Any]) -> Sent:
    zh, en = COURIERS.get(row["courier"], (row["courier"], row["courier"]))
    rest = {name: row[name] for name in Sent.__slots__ if name in row}
    return Sent(id=row["public_id"], courier_zh=zh, courier_en=en, **rest)
