"""The processes that make up a served shop: what each is started with, where it answers, which port it needs.

Starting, watching and stopping them is `mingsuan.serve`'s.
"""

import importlib.util
import os
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings

ANY_ADDRESS = ("0.0.0.0", "::", "")  # noqa: S104  (compared with, not bound to)


@dataclass(frozen=True)
class Endpoint:
    """Where a service answers HTTP, and the setting that moves it."""

    host: str
    port: int
    setting: str
    health: str

    @property
    def local_host(self) -> str:
        """The address to reach it by from this machine."""
        return "127.0.0.1" if self.host in ANY_ADDRESS else self.host

    @property
    def url(self) -> str:
        return f"http://{f'[{self.local_host}]' if ':' in self.local_host else self.local_host}:{self.port}/"

    def is_free(self) -> bool:
        """Whether a service could listen there now."""
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((self.host, self.port))
            except OSError:
                return False
        return True

    def answers(self) -> bool:
        """Whether its health page answers without an error."""
        connection = HTTPConnection(self.local_host, self.port, timeout=5)
        try:
            connection.request("GET", self.health)
            return connection.getresponse().status < 400
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()


@dataclass(frozen=True)
class Service:
    """One process: its log is `<name>.log`; it is ready when its endpoint answers or its socket file exists."""

    name: str
    part: str
    exit_code: int
    command: tuple[str, ...]
    endpoint: Endpoint | None = None
    socket_file: Path | None = None
    after: tuple[str, ...] = ()

    def is_ready(self) -> bool:
        if self.endpoint is not None:
            return self.endpoint.answers()
        return self.socket_file is None or self.socket_file.exists()


@dataclass(frozen=True)
class Services:
    """All of them, with the environment that they share."""

    of: tuple[Service, ...]
    environment: dict[str, str] = field(repr=False)  # holds the connection strings

    @property
    def endpoints(self) -> list[tuple[Service, Endpoint]]:
        return [(service, service.endpoint) for service in self.of if service.endpoint is not None]


def services(
    settings: Settings, urls: DatabaseUrls, socket_dir: Path, gateways: Mapping[str, str] | None = None
) -> Services:
    """Shop, worker, dashboards and Dagster's three processes, which share one code server by a socket in `socket_dir`.

    `gateways` are the settings under which the shop's gateways are the simulated ones; then these are started too, and
    the simulated suppliers, the simulated beacon of draws, and the witness of their log where the settings name it.
    """
    code = socket_dir / "dagster.sock"
    parts = [_shop(settings), _worker(settings), _dashboards(settings), *_dagster(settings, code)]
    environment = _environment(settings, urls)
    if gateways:
        parts += [_witness(settings)] if "MINGSUAN_LOG_WITNESSES" in gateways else []
        parts += [_beacon(settings), _suppliers(settings), _gateways(settings)]
        environment |= gateways
    return Services(tuple(parts), environment)


def endpoints(settings: Settings, *, with_gateways: bool = False) -> dict[str, Endpoint]:
    """Where the parts answer; the simulated world outside is among them only when it is started."""
    here, page = "127.0.0.1", "/openapi.json"
    simulated = {
        "simulated gateways": Endpoint(
            here, settings.simulated_gateways_port, "MINGSUAN_SIMULATED_GATEWAYS_PORT", page
        ),
        "simulated suppliers": Endpoint(
            here, settings.simulated_suppliers_port, "MINGSUAN_SIMULATED_SUPPLIERS_PORT", page
        ),
        "simulated witness": Endpoint(here, settings.simulated_witness_port, "MINGSUAN_SIMULATED_WITNESS_PORT", page),
        "simulated beacon": Endpoint(here, settings.simulated_beacon_port, "MINGSUAN_SIMULATED_BEACON_PORT", page),
    }
    return (simulated if with_gateways else {}) | {
        "shop": Endpoint(settings.host, settings.shop_port, "MINGSUAN_SHOP_PORT", "/readyz"),
        "worker": Endpoint(settings.host, settings.worker_port, "MINGSUAN_WORKER_PORT", "/healthz"),
        "dashboards": Endpoint(settings.host, settings.dashboards_port, "MINGSUAN_DASHBOARDS_PORT", "/_stcore/health"),
        "Dagster": Endpoint(settings.host, settings.dagster_port, "MINGSUAN_DAGSTER_PORT", "/server_info"),
    }


def _shop(settings: Settings) -> Service:
    application = ("transactional.app:from_environment", "--factory")
    where = ("--host", settings.host, "--port", str(settings.shop_port))
    believed = ("--forwarded-allow-ips", settings.trusted_proxies)  # uvicorn's own default believes all of loopback
    plain = ("--no-server-header", "--no-access-log")
    command = (sys.executable, "-m", "uvicorn", *application, *where, *believed, *plain)
    return Service("shop", "shop", 11, command, endpoints(settings)["shop"])


def _worker(settings: Settings) -> Service:
    return Service("worker", "worker", 16, (_script("mingsuan"), "worker"), endpoints(settings)["worker"])


def _gateways(settings: Settings) -> Service:
    endpoint = endpoints(settings, with_gateways=True)["simulated gateways"]
    shop = settings.public_url or endpoints(settings)["shop"].url.rstrip("/")
    where = ("--folder", str(settings.gateways_dir), "--host", endpoint.host, "--port", str(endpoint.port))
    command = (sys.executable, "-m", "simulation.gateways", *where, "--shop-url", shop)
    return Service("gateways", "simulated gateways (no real money)", 17, command, endpoint)


def _suppliers(settings: Settings) -> Service:
    endpoint = endpoints(settings, with_gateways=True)["simulated suppliers"]
    where = ("--folder", str(settings.suppliers_dir), "--host", endpoint.host, "--port", str(endpoint.port))
    command = (sys.executable, "-m", "simulation.suppliers", *where)
    return Service("suppliers", "simulated suppliers (nothing is really bought)", 18, command, endpoint)


def _witness(settings: Settings) -> Service:
    endpoint = endpoints(settings, with_gateways=True)["simulated witness"]
    where = ("--folder", str(settings.witness_dir), "--host", endpoint.host, "--port", str(endpoint.port))
    command = (sys.executable, "-m", "simulation.witness", *where)
    return Service("witness", "simulated witness (in no other hands)", 20, command, endpoint)


def _beacon(settings: Settings) -> Service:
    endpoint = endpoints(settings, with_gateways=True)["simulated beacon"]
    command = (sys.executable, "-m", "simulation.beacon", "--host", endpoint.host, "--port", str(endpoint.port))
    return Service("beacon", "simulated beacon (its rounds are no secret)", 19, command, endpoint)


def _dashboards(settings: Settings) -> Service:
    options = {
        "server.address": settings.host,
        "server.port": str(settings.dashboards_port),
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
    }
    if settings.dashboards_login_file is not None:
        options["secrets.files"] = str(settings.dashboards_login_file.absolute())
    given = tuple(f"--{name}={value}" for name, value in options.items())
    command = (sys.executable, "-m", "streamlit", "run", str(package("dashboards") / "streamlit_app.py"), *given)
    return Service("dashboards", "dashboards", 12, command, endpoints(settings)["dashboards"])


def _dagster(settings: Settings, code: Path) -> tuple[Service, Service, Service]:
    at = ("--workspace", str(settings.var / "dagster" / "workspace.yaml"))  # written by the code server
    where = ("--host", settings.host, "--port", str(settings.dagster_port))
    server = (sys.executable, "-m", "orchestration.code_server", str(code))
    web = (_script("dagster-webserver"), *at, *where, "--dagster-log-level", "warning")
    daemon = (_script("dagster-daemon"), "run", *at, "--log-level", "warning")
    needs = ("dagster-code",)
    return (
        Service("dagster-code", "Dagster's code server", 13, server, socket_file=code),
        Service("dagster-webserver", "Dagster", 14, web, endpoints(settings)["Dagster"], after=needs),
        Service("dagster-daemon", "Dagster's daemon", 15, daemon, after=needs),
    )


def _environment(settings: Settings, urls: DatabaseUrls) -> dict[str, str]:
    home = settings.var / "dagster"
    return {
        **os.environ,
        **_dagster_storage(settings),
        **urls.environment(),
        "MINGSUAN_VAR": str(settings.var),
        "DAGSTER_HOME": str(home),
        "DAGSTER_STORAGE_DIR": str(home),
        # On a busy machine a run takes longer to start than Dagster's minute, and would count as failed.
        "DAGSTER_GRPC_TIMEOUT_SECONDS": "300",
        "PYTHONUNBUFFERED": "1",
    }


def _dagster_storage(settings: Settings) -> dict[str, str]:
    """Where `orchestration.instance` keeps runs and events; the driver is named, since Dagster's SQL is psycopg2's."""
    if settings.dagster_database_url is None:
        return {}
    _, _, rest = settings.dagster_database_url.get_secret_value().partition("://")
    return {"DAGSTER_POSTGRES_URL": f"postgresql+psycopg2://{rest}"}


def _script(name: str) -> str:
    """Path of a console script of this environment, whatever PATH says."""
    return str(Path(sys.executable).with_name(name))


def package(name: str) -> Path:
    """Folder of an installed package, without importing it."""
    found = importlib.util.find_spec(name)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"{name} is not installed")
    return Path(found.submodule_search_locations[0])
