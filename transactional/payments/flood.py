"""How many refused notices are kept a minute, so that forged ones cannot fill the disk. In memory, one a process."""

from dataclasses import dataclass
from datetime import datetime

KEPT_A_MINUTE = 60


@dataclass(slots=True)
class RefusalBudget:
    """Counts refused notices of the running minute; those beyond the limit are counted only."""

    limit: int = KEPT_A_MINUTE
    minute: datetime | None = None
    seen: int = 0

    def take(self, at: datetime) -> tuple[bool, int]:
        """Whether to keep another refused notice, and how many were not kept in the last minute that had some."""
        minute = at.replace(second=0, microsecond=0)
        dropped = 0
        if minute != self.minute:
            dropped = max(self.seen - self.limit, 0)
            self.minute, self.seen = minute, 0
        self.seen += 1
        return self.seen <= self.limit, dropped
