"""How a simulated gateway misbehaves: what happens to each notice, and to the answers of its API.

Everything is drawn from a seed and the notice's own name, so a run can be repeated; a script says exactly what is to
happen to one notice. What a bad signature looks like in a protocol is the protocol's.
"""

import threading
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

Tampering = Literal["none", "bad_signature", "stale", "unknown_serial", "wrong_amount", "wrong_merchant", "unreadable"]
"""`none` is the true notice. `wrong_amount` and `wrong_merchant` are well signed and lie; the others fail the check."""

AnswerFault = Literal[
    "hang_after", "hang_before", "unsigned", "bad_signature", "server_error_after", "server_error", "frequency_limited"
]
"""`*_after`: the gateway has done what was asked before it fails to say so; `unsigned` and `bad_signature` too."""


@dataclass(frozen=True, slots=True)
class Copy:
    """One sending of a notice, so many (unscaled) seconds after the event. Only true copies are tried again."""

    after_s: float = 0.0
    tampering: Tampering = "none"


@dataclass(frozen=True, slots=True)
class Misbehaviour:
    """Shares of notices, 0 to 1, that are treated so; `scripts` (by notice name) go before them. Default: none.

    A notice's name is `<kind>:<number>`: `paid:<out_trade_no>` or `refunded:<out_refund_no>`.
    """

    seed: int = 0
    silence: float = 0.0
    """Never sent, nor tried again."""
    duplicates: float = 0.0
    """Sent up to `most_copies` times."""
    most_copies: int = 3
    delay: float = 0.0
    """Sent up to `longest_delay_s` late; with several notices on the way that is disorder too."""
    longest_delay_s: float = 600.0
    forgeries: float = 0.0
    """Preceded by a copy that must be refused: bad signature, stale, unknown serial or unreadable."""
    lies: float = 0.0
    """Preceded by a well-signed copy with a wrong amount or another merchant's."""
    scripts: Mapping[str, tuple[Copy, ...]] = field(default_factory=dict)

    def copies(self, name: str) -> tuple[Copy, ...]:
        """What is sent of a notice; nothing at all when it is empty."""
        if name in self.scripts:
            return self.scripts[name]
        rng = Random(f"{self.seed}:{name}")  # noqa: S311  (a plan that can be repeated, not a secret)
        if rng.random() < self.silence:
            return ()
        late = rng.uniform(0, self.longest_delay_s) if rng.random() < self.delay else 0.0
        count = rng.randint(2, self.most_copies) if rng.random() < self.duplicates else 1
        copies = [Copy(late + rng.uniform(0, 5) * i) for i in range(count)]
        if rng.random() < self.forgeries:
            copies.insert(0, Copy(late, rng.choice(("bad_signature", "stale", "unknown_serial", "unreadable"))))
        if rng.random() < self.lies:
            copies.insert(0, Copy(late, rng.choice(("wrong_amount", "wrong_merchant"))))
        return tuple(copies)


class AnswerFaults:
    """Faults that the next answers of an operation are to have, in order; thread-safe.

    An operation is named as the protocol's module names it, such as `create`, `query`, `close`, `refund`,
    `query_refund`, `share`, `bill`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planned: defaultdict[tuple[str, str], deque[AnswerFault]] = defaultdict(deque)

    def plan(self, method: str, operation: str, *faults: AnswerFault) -> None:
        with self._lock:
            self._planned[method, operation].extend(faults)

    def take(self, method: str, operation: str) -> AnswerFault | None:
        with self._lock:
            planned = self._planned[method, operation]
            return planned.popleft() if planned else None

    def clear(self) -> None:
        with self._lock:
            self._planned.clear()
