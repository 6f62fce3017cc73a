"""What a piece of work cost the process that did it, for the benchmarks of draws."""

import json
import time
from collections.abc import Callable
from pathlib import Path


def measured(work: Callable[[], object]) -> str:
    """JSON: seconds of one core and on the clock, and the most memory that this process ever held, in MiB."""
    cpu, clock = time.process_time(), time.perf_counter()
    work()
    spent = {"cpu_s": time.process_time() - cpu, "clock_s": time.perf_counter() - clock}
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return json.dumps({**spent, "peak_mib": int(status["VmHWM"].split()[0]) / 1024})
