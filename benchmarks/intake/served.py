"""The shop as it is served, in a process of its own, and what processes cost the processor."""

import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from mingsuan.postgres import DatabaseUrls
from mingsuan.services import services
from mingsuan.settings import Settings

START_SECONDS = 60


@contextmanager
def shop(settings: Settings, urls: DatabaseUrls, folder: Path) -> Iterator[psutil.Process]:
    """The process that `mingsuan serve` starts for the shop, ready to answer."""
    plan = services(settings, urls, folder)
    service = next(each for each in plan.of if each.name == "shop")
    with (folder / "shop.log").open("wb") as log:
        process = subprocess.Popen(service.command, env=plan.environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not service.is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the shop did not start: {(folder / 'shop.log').read_text()[-2000:]}")
            time.sleep(0.05)
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def cpu_seconds(processes: Mapping[str, psutil.Process]) -> dict[str, float]:
    """Processor time so far of each process with its children, ended ones included."""
    return {name: sum(_spent(each) for each in _family(process)) for name, process in processes.items()}


def machine_seconds() -> float:
    """Processor time that everything on this machine has used so far."""
    times = psutil.cpu_times()
    return float(times.user + times.system + times.nice)


def _family(process: psutil.Process) -> list[psutil.Process]:
    return [process, *process.children(recursive=True)]


def _spent(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
