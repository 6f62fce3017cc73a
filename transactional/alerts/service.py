"""Raising and ending alerts: one row per matter while it lasts. Telling them is the worker's, wording is elsewhere."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import select, text, update

from mingsuan import clock
from transactional.alerts.models import SEVERITIES, Alert
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.jobs import defer

Severity = Literal["info", "warning", "critical"]
TELL = "alerts.tell"


@dataclass(frozen=True, slots=True)
class Lasting:
    """What an alert says that is on."""

    severity: str
    detail: Mapping[str, Any]


RAISE = text("""
insert into shop.alert as lasting (kind, subject, severity, detail, raised_at, last_at)
values (:kind, :subject, :severity, cast(:detail as jsonb), :at, :at)
on conflict (kind, subject) where ended_at is null do update set
    times = lasting.times + 1, severity = excluded.severity, detail = excluded.detail, last_at = excluded.last_at
returning id, old.severity as severity_before
""")


async def raise_alert(
    session: WriteSession, kind: str, subject: str, severity: Severity, detail: Mapping[str, Any] | None = None
) -> None:
    """A matter that lasts: raised again it counts and its detail is renewed; a worse one is told again.

    `subject` names one thing, such as "offer:019a…". `detail` holds numbers and public names only: never a code, a
    secret or a person; sums are named `*_fen`. It exists when, and only when, the session's transaction commits.
    """
    values = {"kind": kind, "subject": subject, "severity": severity, "detail": json.dumps(dict(detail or {}))}
    row = (await session.execute(RAISE, {**values, "at": clock.now()})).one()
    before = row.severity_before
    if before is None or SEVERITIES.index(severity) > SEVERITIES.index(before):
        if before is not None:
            anew = update(Alert).where(Alert.id == row.id).values(acknowledged_by=None, acknowledged_at=None)
            await session.execute(anew)
        await tell(session)


async def end_alert(session: WriteSession, kind: str, subject: str) -> None:
    """The matter is over; nothing happens when it was not on."""
    lasting = (Alert.kind == kind, Alert.subject == subject, Alert.ended_at.is_(None))
    ended = await session.execute(update(Alert).where(*lasting).values(ended_at=clock.now()).returning(Alert.id))
    if ended.all():
        await tell(session)


async def lasting(session: ReadSession, kind: str) -> dict[str, Lasting]:
    """What is on of a kind, by subject."""
    rows = await session.scalars(select(Alert).where(Alert.kind == kind, Alert.ended_at.is_(None)))
    return {row.subject: Lasting(row.severity, row.detail) for row in rows}


async def acknowledge(session: WriteSession, alert_id: UUID, staff_id: int, at: datetime | None = None) -> Alert:
    """Somebody has it in hand; who was first stays. Raises NotFoundError."""
    alert = await session.scalar(select(Alert).where(Alert.public_id == alert_id).with_for_update())
    if alert is None:
        raise NotFoundError
    if alert.acknowledged_by is None:
        alert.acknowledged_by, alert.acknowledged_at = staff_id, at or clock.now()
        await session.flush()
    return alert


async def tell(session: WriteSession) -> None:
    """The worker looks for what no sink was told yet; one job tells all that is there by then."""
    await defer(session, TELL, {}, lock=TELL)
