"""Telling alerts through the sinks: what a sink was not told yet goes out as one message, and how that ended is kept.

An alert that was over before it could be told is not told any more; that one is over is told to who knew of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, text

from mingsuan import clock
from mingsuan.alert_notes import AlertNote, Letter, NotToldError
from mingsuan.alerting import Sink, wants
from mingsuan.i18n import Translator, translator
from transactional.alerts.models import SEVERITIES, Alert, AlertDelivery
from transactional.alerts.wording import place_of, severity_texts, text_of, title_of
from transactional.db import ReadSession, reading, writing
from transactional.shop import Shop

AT_ONCE = 100
"""Alerts in one message; more wait for the next."""
SHOWN = 20
STILL_NEWS = timedelta(days=7)
"""An end that could not be told for so long is told no more."""
UNTOLD = text("""
select a.id from shop.alert as a
cross join lateral (
    select bool_or(d.event = 'ended') as of_end, bool_or(d.event = 'raised') as of_it,
        bool_or(d.event = 'raised' and array_position(array['info', 'warning', 'critical'], d.severity)
            >= array_position(array['info', 'warning', 'critical'], a.severity)) as of_worst
    from shop.alert_delivery as d where d.alert_id = a.id and d.sink = :sink and d.outcome = 'told'
) as knows
where case when a.ended_at is null then a.severity = any(cast(:wanted as text[])) and knows.of_worst is not true
    else a.ended_at > :since and knows.of_it and knows.of_end is not true end
order by a.id limit :limit
""")


class NotAllToldError(Exception):
    """A sink could not be told; the job is tried again later."""


@dataclass(frozen=True, slots=True)
class News:
    """An alert and what of it a sink does not know yet."""

    alert: Alert
    event: str


async def tell(shop: Shop) -> int:
    """Tells every sink what it does not know yet; how many alerts that was. Raises NotAllToldError."""
    told, failed = 0, []
    for sink in shop.alert_sinks:
        async with reading(shop.engine) as session:
            news = await untold(session, sink)
        if not news:
            continue
        outcome, reason = await _tried(shop, sink, news)
        async with writing(shop.engine) as session:
            session.add_all(_delivery(each, sink.name, outcome, reason) for each in news)
        told += len(news)
        failed += [sink.name] if outcome != "told" else []
    if failed:
        raise NotAllToldError(", ".join(failed))
    return told


async def untold(session: ReadSession, sink: Sink) -> list[News]:
    """What a sink is to hear: alerts that are on and it does not know as so severe, and those over that it knows."""
    values = {"sink": sink.name, "wanted": [each for each in SEVERITIES if wants(sink, each)], "limit": AT_ONCE}
    ids = list(await session.scalars(UNTOLD, {**values, "since": clock.now() - STILL_NEWS}))
    alerts = await session.scalars(select(Alert).where(Alert.id.in_(ids)).order_by(Alert.id))
    return [News(alert, "ended" if alert.ended_at else "raised") for alert in alerts]


def note(shop: Shop, news: News, _: Translator) -> AlertNote:
    """An alert for people and programs."""
    alert, settings = news.alert, shop.settings
    base = (settings.public_url or f"http://{settings.host}:{settings.shop_port}").rstrip("/")
    return AlertNote(
        key=f"{alert.public_id}:{news.event}:{alert.severity}",
        kind=alert.kind,
        subject=alert.subject,
        severity=alert.severity,  # type: ignore[arg-type]  # one of SEVERITIES by the table's check
        title=title_of(alert.kind, alert.detail, shop.currency, _),
        text=text_of(alert.kind, alert.detail, shop.currency, _),
        link=base + (place_of(alert.subject) or "/desk/alerts"),
        raised_at=alert.raised_at,
        ended_at=alert.ended_at,
    )


def letter(notes: Sequence[AlertNote], _: Translator) -> Letter:
    """All of them as one message: the worst first."""
    ordered = sorted(notes, key=lambda each: (each.ended_at is not None, -SEVERITIES.index(each.severity)))
    first = _heading(ordered[0], _)
    title = first if len(ordered) == 1 else _("{first} – and {count} more").format(first=first, count=len(ordered) - 1)
    parts = ["\n".join(line for line in (_heading(each, _), each.text, each.link) if line) for each in ordered[:SHOWN]]
    if len(ordered) > SHOWN:
        parts.append(_("{count} more are on the desk's page of alerts.").format(count=len(ordered) - SHOWN))
    return Letter(title, "\n\n".join(parts) + "\n")


def _heading(each: AlertNote, _: Translator) -> str:
    state = _("Over") if each.ended_at else severity_texts(_)[each.severity]
    return _("[{state}] {title}").format(state=state, title=each.title)


async def _tried(shop: Shop, sink: Sink, news: Sequence[News]) -> tuple[str, str]:
    _ = translator(shop.settings.language, "shop")
    notes = [note(shop, each, _) for each in news]
    try:
        await sink.tell(notes, letter(notes, _))
    except NotToldError as error:
        return error.outcome, error.reason
    return "told", ""


def _delivery(news: News, sink: str, outcome: str, reason: str) -> AlertDelivery:
    about = {"severity": news.alert.severity, "outcome": outcome, "reason": reason[:500]}
    return AlertDelivery(alert_id=news.alert.id, sink=sink, event=news.event, **about)
