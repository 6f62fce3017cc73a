"""A case as one line of events: what was said and what was decided, in the order in which it happened. Pure."""

from dataclasses import dataclass
from datetime import datetime

from transactional.aftersales.schemas import AftersalesCaseView, EvidenceView, MessageView, ResolutionView


@dataclass(frozen=True, slots=True)
class Event:
    """One of the three, with its instant."""

    at: datetime
    message: MessageView | None = None
    file: EvidenceView | None = None
    resolution: ResolutionView | None = None


def timeline(case: AftersalesCaseView) -> tuple[Event, ...]:
    """Oldest first; at one instant words come before files, files before decisions."""
    events = [
        *(Event(message.written_at, message=message) for message in case.messages),
        *(Event(file.attached_at, file=file) for file in case.evidence),
        *(Event(resolution.decided_at, resolution=resolution) for resolution in case.resolutions),
    ]
    return tuple(sorted(events, key=lambda event: event.at))
