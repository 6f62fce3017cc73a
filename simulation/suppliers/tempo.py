"""How fast a simulated supplier is, and how it gets slower. Pure."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class Tempo:
    """Seconds, unscaled. An order takes about `finish_s` from its acceptance, log-normal with `spread`.

    `drift_per_hour`: what that grows by with each hour since the supplier was started (1: twice as long after one).
    `hang_s`: how long an answer that never comes keeps its caller; `unknown_s`, `not_found_s`: how long after the
    acceptance a struck order's state is unknown, or the order itself.
    """

    answer_s: float = 0.0
    finish_s: float = 1.0
    spread: float = 0.4
    drift_per_hour: float = 0.0
    hang_s: float = 30.0
    unknown_s: float = 20.0
    not_found_s: float = 5.0

    def finishing_s(self, rng: Random, running_s: float) -> float:
        """How long an order takes that comes so long after the start."""
        usual = self.finish_s * math.exp(rng.gauss(0.0, self.spread)) if self.finish_s else 0.0
        return usual * (1.0 + self.drift_per_hour * running_s / 3600.0)
