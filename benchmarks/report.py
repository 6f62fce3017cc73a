"""What a benchmark hands back, and how it is printed: ratios taken in one run, the figures behind them, the machine."""

import json
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Report:
    """`ratios` compare within the run and mean something on any machine; `figures` are this machine's."""

    name: str
    ratios: Mapping[str, float]
    figures: Mapping[str, float | int | str]

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(
            {"name": self.name, "ratios": self.ratios, "figures": self.figures, "machine": machine()},
            ensure_ascii=False,
        )


def machine() -> dict[str, float | int | str]:
    """What else was going on is told by the load average of the last five minutes."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cores": os.cpu_count() or 0,
        "processor": _processor(),
        "memory_gib": round(memory / 2**30, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "load_average_5_min": round(os.getloadavg()[1], 1),
    }


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    lines = information.read_text().splitlines() if information.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.processor())
