"""Starting, watching and stopping services, with small HTTP servers in their place."""

import io
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from rich.console import Console

from mingsuan import running, serve
from mingsuan.postgres import DatabaseUrls
from mingsuan.services import Endpoint, Service, Services, services
from mingsuan.settings import Settings

pytestmark = pytest.mark.enable_socket
URLS = DatabaseUrls("postgresql://owner", "postgresql://app", "postgresql://reader")
ANSWERING = """
import http.server, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Page).serve_forever()
"""
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + ANSWERING


@dataclass(frozen=True)
class Login:
    role: str
    email: str
    password: str | None
    note: str


LOGINS = [Login("owner", "owner@example.com", "pw-made-now", "first owner"), Login("operator", "op@x.cn", None, "")]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    shop, worker, dashboards, dagster = (_free_port() for _ in range(4))
    return Settings(
        var=tmp_path / "v",
        shop_port=shop,
        worker_port=worker,
        dashboards_port=dashboards,
        dagster_port=dagster,
        owner_database_url="postgresql://owner",  # type: ignore[arg-type]  # no embedded server to look after
    )


@pytest.fixture
def console() -> Console:
    return Console(file=io.StringIO(), width=200, color_system=None)


def _said(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


Plan = Callable[..., Services]


def _plan(*scripts: str) -> Plan:
    def made(settings: Settings, _urls: DatabaseUrls, _sockets: Path, _gateways: object = None) -> Services:
        ports = (settings.shop_port, settings.dashboards_port, settings.dagster_port)
        return Services(
            tuple(
                Service(
                    f"part{n}",
                    f"part {n}",
                    20 + n,
                    (sys.executable, "-c", script, str(port)),
                    Endpoint("127.0.0.1", port, "MINGSUAN_PORT", "/"),
                    after=("part0",) if n else (),
                )
                for n, (script, port) in enumerate(zip(scripts, ports, strict=False))
            ),
            dict(os.environ),
        )

    return made


@pytest.fixture
def when_up(console: Console) -> Iterator[Callable[[Callable[[], None]], None]]:
    """Does something from another thread once the places were shown."""
    threads: list[threading.Thread] = []

    def then(act: Callable[[], None]) -> None:
        def wait() -> None:
            deadline = time.monotonic() + 30
            while "is served" not in _said(console) and time.monotonic() < deadline:
                time.sleep(0.02)
            act()

        threads.append(threading.Thread(target=wait))
        threads[-1].start()

    yield then
    for thread in threads:
        thread.join()


@pytest.fixture
def descendants() -> Callable[[], list[psutil.Process]]:
    """What this test started: other tests of this process may have left theirs, such as multiprocessing's tracker."""
    before = set(psutil.Process().children(recursive=True))
    return lambda: [process for process in psutil.Process().children(recursive=True) if process not in before]


def test_shows_where_everything_is_and_stops_all_of_it_on_sigterm(
    settings: Settings,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
    when_up: Callable[..., None],
    descendants: Callable[[], list[psutil.Process]],
) -> None:
    monkeypatch.setattr(serve, "services", _plan(ANSWERING, ANSWERING))
    seen: list[psutil.Process] = []

    def stop() -> None:
        seen.extend(descendants())
        os.kill(os.getpid(), signal.SIGTERM)

    when_up(stop)
    assert serve.run(settings, URLS, LOGINS, console) == 0
    said = _said(console)
    for expected in (f"http://127.0.0.1:{settings.shop_port}/", "part0.log", "pw-made-now", "op@x.cn", "as given"):
        assert expected in said
    assert len(seen) >= 5  # two services with a child each, and the watchdog
    assert not [process for process in seen if process.is_running()]
    assert not running.is_served(settings)


def test_a_part_that_dies_is_named_with_the_end_of_its_log_and_the_others_are_stopped(
    settings: Settings,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
    descendants: Callable[[], list[psutil.Process]],
) -> None:
    dying = "import sys; print('the disk is full', flush=True); sys.exit(3)"
    monkeypatch.setattr(serve, "services", _plan(ANSWERING, dying))
    assert serve.run(settings, URLS, [], console) == 21
    said = _said(console)
    assert "part 1 ended by itself (exit code 3)" in said
    assert "the disk is full" in said
    assert not descendants()


def test_a_part_that_does_not_listen_to_sigterm_is_killed(
    settings: Settings,
    console: Console,
    monkeypatch: pytest.MonkeyPatch,
    when_up: Callable[..., None],
    descendants: Callable[[], list[psutil.Process]],
) -> None:
    monkeypatch.setattr(serve, "services", _plan(STUBBORN))
    monkeypatch.setattr("mingsuan.watchdog.GRACE_SECONDS", 0.5)
    when_up(lambda: os.kill(os.getpid(), signal.SIGINT))
    assert serve.run(settings, URLS, [], console) == 0
    assert not descendants()


def test_a_taken_port_is_named_with_its_setting_and_nothing_starts(
    settings: Settings, console: Console, descendants: Callable[[], list[psutil.Process]]
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", settings.dashboards_port))
        other.listen()
        assert serve.run(settings, URLS, LOGINS, console) == serve.REFUSED
    said = _said(console)
    assert f"port {settings.dashboards_port} on 127.0.0.1 is taken" in said
    assert "MINGSUAN_DASHBOARDS_PORT" in said
    assert "MINGSUAN_SHOP_PORT" not in said
    assert "pw-made-now" in said  # it will never be shown again
    assert not descendants()


def test_a_second_serve_of_the_same_folder_is_refused(settings: Settings, console: Console) -> None:
    with running.served(settings, {}):
        assert serve.run(settings, URLS, [], console) == serve.REFUSED
    assert f"is served already (process {os.getpid()}" in _said(console)


def test_stop_ends_a_serving_process_and_says_so(settings: Settings) -> None:
    script = (
        "import signal, sys, threading\nfrom pathlib import Path\n"
        "from mingsuan.running import served\nfrom mingsuan.settings import Settings\n"
        "stop = threading.Event()\nsignal.signal(signal.SIGTERM, lambda *_: stop.set())\n"
        "with served(Settings(var=Path(sys.argv[1])), {}):\n    print('up', flush=True)\n    stop.wait()\n"
    )
    command = [sys.executable, "-c", script, str(settings.var)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        other.stdout.readline()
        assert running.stop_running(settings) == f"Stopped what was served from {settings.var} (process {other.pid})."
    assert other.returncode == 0
    assert running.stop_running(settings) == f"Nothing was served from {settings.var}."


def test_the_note_of_a_crashed_process_stops_nobody(settings: Settings) -> None:
    note = running.note_file(settings)
    note.parent.mkdir(parents=True)
    note.write_text(f'{{"pid": {os.getpid()}, "since": "2026-01-01"}}')
    assert running.stop_running(settings).startswith("Nothing was served")
    with running.served(settings, {}):
        assert running.is_served(settings)


def test_nothing_survives_a_killed_parent(tmp_path: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom mingsuan.serve import _children\n"
        "from mingsuan.services import Service, Services\nfrom mingsuan.settings import Settings\nimport os\n"
        'sleeper = \'import subprocess, sys; subprocess.run([sys.executable, "-c", "import time; time.sleep(600)"])\'\n'
        "service = Service('sleeper', 'sleeper', 20, (sys.executable, '-c', sleeper))\n"
        "folder = Path(sys.argv[1])\n"
        "plan = Services((service,), dict(os.environ))\n"
        "with _children(plan, Settings(var=folder, owner_database_url='postgresql://x'), folder) as children:\n"
        "    children.start(service)\n    print('up', flush=True)\n    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        parent.stdout.readline()
        family: list[psutil.Process] = []
        while len(family) < 3:  # watchdog, sleeper, its child
            family = psutil.Process(parent.pid).children(recursive=True)
            time.sleep(0.02)
        parent.kill()
    _gone, alive = psutil.wait_procs(family, timeout=20)
    assert not alive


def test_real_services_get_the_connection_strings_and_listen_on_the_given_host_only(settings: Settings) -> None:
    plan = services(settings, URLS, settings.var)
    assert plan.environment["MINGSUAN_READER_DATABASE_URL"] == "postgresql://reader"
    assert plan.environment["MINGSUAN_VAR"] == str(settings.var)
    assert "postgresql://reader" not in repr(plan)
    listening = [service for service, _ in plan.endpoints]
    assert [service.part for service in listening] == ["shop", "worker", "dashboards", "Dagster"]
    assert plan.of[1].command[-1] == "worker"  # which listens where its settings say
    for service in listening:
        assert service.name == "worker" or any("127.0.0.1" in word for word in service.command)


def test_simulated_gateways_are_served_with_the_settings_that_lead_to_them(settings: Settings) -> None:
    plan = services(settings, URLS, settings.var, {"MINGSUAN_WECHAT_MCHID": "1900000109"})
    assert plan.environment["MINGSUAN_WECHAT_MCHID"] == "1900000109"
    gateways = plan.of[-1]
    assert gateways.command[1:3] == ("-m", "simulation.gateways")
    assert gateways.endpoint == Endpoint("127.0.0.1", 8090, "MINGSUAN_SIMULATED_GATEWAYS_PORT", "/openapi.json")
    assert "no real money" in gateways.part
    suppliers = plan.of[-2]
    assert suppliers.command[1:3] == ("-m", "simulation.suppliers")
    assert suppliers.endpoint == Endpoint("127.0.0.1", 8091, "MINGSUAN_SIMULATED_SUPPLIERS_PORT", "/openapi.json")
    assert "nothing is really bought" in suppliers.part
    beacon = plan.of[-3]
    assert beacon.command[1:3] == ("-m", "simulation.beacon")
    assert beacon.endpoint == Endpoint("127.0.0.1", 8092, "MINGSUAN_SIMULATED_BEACON_PORT", "/openapi.json")
    assert "no secret" in beacon.part
    assert "simulation.witness" not in str(plan.of)
    assert "simulation.gateways" not in str(services(settings, URLS, settings.var).of)


def test_a_shop_has_simulated_gateways_when_a_demo_made_it_and_no_real_ones_are_set(settings: Settings) -> None:
    from mingsuan.commands.start import simulated_gateways

    assert simulated_gateways(settings) == {}
    settings.gateways_dir.mkdir(parents=True)
    assert simulated_gateways(settings)["MINGSUAN_ALIPAY_GATEWAY_URL"].startswith("http://127.0.0.1:8090/")
    assert simulated_gateways(settings.model_copy(update={"alipay_app_id": "2021"})) == {}


def test_a_demos_log_has_a_witness_that_knows_it_unless_a_real_one_is_set(settings: Settings) -> None:
    from mingsuan.commands.start import simulated_gateways
    from transactional.draws.log.keeper import keeper_of

    settings.gateways_dir.mkdir(parents=True)
    made = simulated_gateways(settings)
    plan = services(settings, URLS, settings.var, made)
    witness = plan.of[-4]
    assert witness.command[1:3] == ("-m", "simulation.witness")
    assert witness.endpoint == Endpoint("127.0.0.1", 8093, "MINGSUAN_SIMULATED_WITNESS_PORT", "/openapi.json")
    keeper = keeper_of(settings.model_copy(update={"log_witnesses": made["MINGSUAN_LOG_WITNESSES"]}))
    assert [(each.url, each.is_test) for each in keeper.witnesses] == [("http://127.0.0.1:8093", True)]
    assert (settings.witness_dir / "logs.txt").read_text() == f"{keeper.verifier}\n"
    real = settings.model_copy(update={"log_witnesses": f"{keeper.witnesses[0].key} https://witness.example"})
    assert "MINGSUAN_LOG_WITNESSES" not in simulated_gateways(real)
