"""How a simulated supplier misbehaves, drawn from a seed and the name of what it happens to, or planned one by one.

What a fault looks like on the wire belongs to the protocols. Whatever strikes is counted.
"""

import threading
from collections import Counter, defaultdict
from collections.abc import Mapping
from random import Random
from typing import Literal, get_args

Fault = Literal[
    "timeout_before_accept",
    "timeout_after_accept",
    "error_after_accept",
    "duplicate_number",
    "early_callback",
    "lost_callback",
    "repeated_callback",
    "forged_callback",
    "late_not_found",
    "unknown_state",
    "failure",
    "partial_fill",
    "bad_code",
    "repeated_code",
    "missing_cost",
    "zero_cost",
    "price_jump",
    "stock_lie",
    "outage",
    "slow",
]
"""`timeout_after_accept`, `error_after_accept`: the order stands, its answer does not come. `duplicate_number`: it
stands, and is answered as if the number had been used before. `late_not_found`: asked soon after, the supplier does not
know it yet. `stock_lie`: refused for want of stock that it says it has. `slow`: an order that drift made late."""

FAULTS: tuple[Fault, ...] = get_args(Fault)


class Misbehaviour:
    """Shares of what may be struck, 0 to 1. `outages`: from and to, in seconds since the supplier was started.

    The same seed and the same names give the same faults, in whatever order they are asked for.
    """

    def __init__(
        self,
        seed: int = 0,
        shares: Mapping[Fault, float] | None = None,
        outages: tuple[tuple[float, float], ...] = (),
    ) -> None:
        self.seed, self.shares, self.outages = seed, dict(shares or {}), outages
        self.counts: Counter[Fault] = Counter()
        self._lock = threading.Lock()
        self._struck: dict[tuple[Fault, str], bool] = {}
        self._named: set[tuple[Fault, str]] = set()
        self._next: defaultdict[Fault, int] = defaultdict(int)

    def plan(self, fault: Fault, *names: str, times: int = 1) -> None:
        """It shall strike these names, or, without any, the next `times` that are asked about."""
        with self._lock:
            self._named.update((fault, name) for name in names)
            if not names:
                self._next[fault] += times

    def strikes(self, fault: Fault, name: str) -> bool:
        """Whether a fault happens to what is named; the same answer however often it is asked, counted once."""
        with self._lock:
            known = self._struck.get((fault, name))
            if known is not None:
                return known
            struck = (fault, name) in self._named or self._taken(fault) or self._drawn(fault, name)
            self._struck[fault, name] = struck
            if struck:
                self.counts[fault] += 1
            return struck

    def strikes_once(self, fault: Fault, name: str) -> bool:
        """The same, but only the first time that it is asked."""
        with self._lock:
            if (fault, name) in self._struck:
                return False
        return self.strikes(fault, name)

    def count(self, fault: Fault) -> None:
        """Something struck that no name was asked for, such as a request during an outage."""
        with self._lock:
            self.counts[fault] += 1

    def rng(self, *names: object) -> Random:
        """Chance for what is named, always the same."""
        return Random(":".join(map(str, (self.seed, *names))))  # noqa: S311  (to be repeated, not a secret)

    def _taken(self, fault: Fault) -> bool:
        if self._next[fault] <= 0:
            return False
        self._next[fault] -= 1
        return True

    def _drawn(self, fault: Fault, name: str) -> bool:
        share = self.shares.get(fault, 0.0)
        return share > 0 and self.rng(fault, name).random() < share
