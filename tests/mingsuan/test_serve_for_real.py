"""`mingsuan serve` and `mingsuan stop` with the real shop, dashboards, Dagster and embedded PostgreSQL."""

import os
import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from mingsuan.embedded_postgres import running
from mingsuan.services import endpoints
from mingsuan.settings import Settings

pytestmark = [pytest.mark.proof, pytest.mark.enable_socket, pytest.mark.xdist_group("dagster")]
MINGSUAN = [sys.executable, "-c", "from mingsuan.cli import main; main()"]


def _environment(var: Path) -> dict[str, str]:
    with ExitStack() as probes:
        bound = [probes.enter_context(socket.socket()) for _ in range(4)]
        for probe in bound:
            probe.bind(("127.0.0.1", 0))
        ports = [str(probe.getsockname()[1]) for probe in bound]
    names = ("MINGSUAN_SHOP_PORT", "MINGSUAN_WORKER_PORT", "MINGSUAN_DASHBOARDS_PORT", "MINGSUAN_DAGSTER_PORT")
    kept = {name: value for name, value in os.environ.items() if not name.endswith("_DATABASE_URL")}
    return {**kept, "MINGSUAN_VAR": str(var), **dict(zip(names, ports, strict=True))}


def test_everything_is_up_at_the_printed_addresses_and_gone_after_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = _environment(tmp_path / "v")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    with subprocess.Popen(
        [*MINGSUAN, "serve"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as serving:
        assert serving.stdout is not None
        said = ""
        for line in serving.stdout:
            said += line
            if "owner@" in line:
                break
        family = psutil.Process(serving.pid).children(recursive=True)
        assert running(settings.var / "pg") is not None, said
        for endpoint in endpoints(settings).values():
            assert endpoint.answers(), said
            assert endpoint.url in said
        stopped = subprocess.run([*MINGSUAN, "stop"], env=environment, capture_output=True, text=True, check=False)
        assert f"(process {serving.pid})" in stopped.stdout.replace("\n", " ")
        serving.stdout.read()
    assert serving.returncode == 0
    assert len(family) >= 7  # six services and the watchdog
    _gone, alive = psutil.wait_procs(family, timeout=10)
    assert not alive
    assert running(settings.var / "pg") is None
    assert {log.name for log in (settings.var / "logs").iterdir()} >= {"shop.log", "dagster-daemon.log"}
