"""What is wrong now, and what of it each sink has still to hear: told once while it lasts, when it gets worse, and
when it is over. Dagster's instance keeps the memory; how a sink is told is `mingsuan.alerting`'s.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from pydantic import BaseModel, Field

from mingsuan.alert_notes import SEVERITIES, AlertNote, Letter, NotToldError, Severity
from mingsuan.alerting import Sink, wants

SHOWN = 20
STILL_NEWS = timedelta(days=7)
"""An end that could not be told for so long is told no more."""
LONGEST_WAIT = timedelta(minutes=15)


class Matter(BaseModel, frozen=True):
    """Something that is wrong: `subject` says of what, and is the same as long as it lasts; `page` is Dagster's."""

    kind: Literal["check_failed", "run_failed", "stale"]
    subject: str
    severity: Severity
    title: str
    text: str
    page: str = ""


class Known(BaseModel):
    """A matter in memory: since when, until when, and what each sink was told of it."""

    matter: Matter
    raised_at: datetime
    ended_at: datetime | None = None
    told: dict[str, Severity] = Field(default_factory=dict)
    told_end: list[str] = Field(default_factory=list)


class Memory(BaseModel):
    """All that lasts or whose end is still to be told; failed tries by sink and when the next one is due."""

    known: dict[str, Known] = Field(default_factory=dict)
    tries: dict[str, int] = Field(default_factory=dict)
    next_try: dict[str, datetime] = Field(default_factory=dict)


class Telling(BaseModel, frozen=True):
    """One try to tell a sink: `outcome` is told, refused, or unknown, which is tried again under the same key."""

    sink: str
    outcome: Literal["told", "refused", "unknown"]
    reason: str
    subjects: tuple[str, ...]


def learn(memory: Memory, matters: Iterable[Matter], now: datetime) -> None:
    """Bring the memory up to what is wrong now. What ended before any sink was told is forgotten."""
    current = {matter.subject: matter for matter in matters}
    for subject, matter in current.items():
        known = memory.known.get(subject)
        if known is None or known.ended_at is not None:
            memory.known[subject] = Known(matter=matter, raised_at=now)
        else:
            known.matter = matter
    for subject, known in list(memory.known.items()):
        if subject not in current and known.ended_at is None:
            known.ended_at = now
        if known.ended_at is None:
            continue
        if set(known.told) <= set(known.told_end) or now - known.ended_at > STILL_NEWS:
            del memory.known[subject]


def untold(memory: Memory, sink: Sink) -> list[Known]:
    """What a sink is to hear, the worst first: new or worse matters, and ends of those that it was told of."""
    found = []
    for known in memory.known.values():
        if known.ended_at is not None:
            news = sink.name in known.told and sink.name not in known.told_end
        else:
            before = known.told.get(sink.name)
            worse = before is None or SEVERITIES.index(before) < SEVERITIES.index(known.matter.severity)
            news = worse and wants(sink, known.matter.severity)
        found += [known] if news else []
    return sorted(found, key=lambda each: (each.ended_at is not None, -SEVERITIES.index(each.matter.severity)))


async def tell(memory: Memory, sinks: Sequence[Sink], link: str, now: datetime) -> list[Telling]:
    """Tell every sink that is due what it has not heard, all in one message; what came of it is remembered.

    `link` is where Dagster's pages begin, with the last stroke.
    """
    tellings = []
    for sink in sinks:
        news = untold(memory, sink)
        if not news or memory.next_try.get(sink.name, now) > now:
            continue
        notes = [_note(each, link) for each in news]
        try:
            await sink.tell(notes, letter(notes))
        except NotToldError as error:
            tellings.append(_telling(sink, error.outcome, error.reason, news))
            tries = memory.tries[sink.name] = memory.tries.get(sink.name, 0) + 1
            memory.next_try[sink.name] = now + min(LONGEST_WAIT, timedelta(minutes=2**tries))
        else:
            tellings.append(_telling(sink, "told", "", news))
            memory.tries.pop(sink.name, None)
            memory.next_try.pop(sink.name, None)
            _remember(news, sink)
    return tellings


def letter(notes: Sequence[AlertNote]) -> Letter:
    """One message for people."""
    first = _heading(notes[0])
    title = first if len(notes) == 1 else f"{first} – 另有 {len(notes) - 1} 项 / and {len(notes) - 1} more"
    parts = ["\n".join((_heading(each), each.text, each.link)) for each in notes[:SHOWN]]
    return Letter(title, "\n\n".join(parts) + "\n")


STATES: Mapping[Severity, str] = {"info": "提示 info", "warning": "警告 warning", "critical": "严重 critical"}


def _heading(note: AlertNote) -> str:
    return f"【{'已恢复 over' if note.ended_at else STATES[note.severity]}】{note.title}"


def _note(known: Known, link: str) -> AlertNote:
    matter, event = known.matter, "ended" if known.ended_at else "raised"
    return AlertNote(
        key=f"{matter.subject}:{known.raised_at.isoformat()}:{event}:{matter.severity}",
        kind=matter.kind,
        subject=matter.subject,
        severity=matter.severity,
        title=matter.title,
        text=matter.text,
        link=f"{link}{matter.page}",
        raised_at=known.raised_at,
        ended_at=known.ended_at,
    )


def _telling(sink: Sink, outcome: Literal["told", "refused", "unknown"], reason: str, news: Sequence[Known]) -> Telling:
    subjects = tuple(each.matter.subject for each in news)
    return Telling(sink=sink.name, outcome=outcome, reason=reason[:500], subjects=subjects)


def _remember(news: Sequence[Known], sink: Sink) -> None:
    for known in news:
        if known.ended_at is not None:
            known.told_end.append(sink.name)
        else:
            known.told[sink.name] = known.matter.severity
