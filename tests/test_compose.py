"""docker-compose.yml without an engine: its references hold, and each service's command runs as it is written.

The server stands in for the image `postgres:18`: empty, and prepared by the very script that the container mounts.
"""

import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
import yaml

from mingsuan.embedded_postgres import binaries, shared_server
from mingsuan.postgres import ROLES
from mingsuan.settings import Settings
from orchestration.instance import DATABASE

ROOT = Path(__file__).resolve().parent.parent
VARIABLE = re.compile(r"\$\{(\w+)(?:(:?[-?])([^}]*))?\}")
PORTS = {"shop": 8000, "worker": 8001, "dashboards": 8501, "dagster-webserver": 3000}
PASSWORDS = {f"SHOP_{role}_PASSWORD": role.lower() for role in ("OWNER", "APP", "READER")} | {"DAGSTER_PASSWORD": "d"}
DAGSTERS = ("migrate", "dagster-webserver", "dagster-daemon")
NAMES = {f"MINGSUAN_{name.upper()}" for name in Settings.model_fields}
pytestmark = pytest.mark.xdist_group("compose")


@pytest.fixture(scope="module")
def text() -> str:
    return (ROOT / "docker-compose.yml").read_text()


@pytest.fixture(scope="module")
def services(text: str) -> dict[str, dict[str, Any]]:
    loaded: dict[str, dict[str, Any]] = yaml.safe_load(text)["services"]
    return loaded


def _example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def _image_environment() -> dict[str, str]:
    dockerfile = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    return dict(
        word.split("=", 1)
        for line in dockerfile.splitlines()
        if line.startswith("ENV ")
        for word in shlex.split(line.removeprefix("ENV "))
    )


def test_every_variable_is_in_the_example_and_has_a_default_or_a_message(text: str) -> None:
    example = _example()
    found = VARIABLE.findall(text)
    assert {"POSTGRES_PASSWORD", "MINGSUAN_SHOP_PORT"} <= {name for name, _, _ in found}
    for name, operator, rest in found:
        assert name in example, name
        assert operator in {":-", ":?"}, name
        assert rest or not example[name], name
        if operator == ":-":
            assert example[name] == rest, f"the default of {name} differs from .env.example"


def test_every_setting_that_is_named_exists(text: str) -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()
    example = (ROOT / ".env.example").read_text()
    for source in (text, dockerfile, example):
        named = set(re.findall(r"MINGSUAN_[A-Z_]+\b(?!_)", source)) - {"MINGSUAN_"}
        assert named <= NAMES, named - NAMES


def test_the_values_of_the_example_are_settings_that_load_and_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {name.removeprefix("MINGSUAN_").lower(): value for name, value in _example().items() if name in NAMES}
    assert len(given) >= 7
    for name, value in Settings.model_validate(given).model_dump(include=set(given)).items():
        assert value == Settings.model_fields[name].default, name


def test_dependencies_are_services_that_can_meet_their_condition(services: dict[str, dict[str, Any]]) -> None:
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[needed], (name, needed)
            else:
                assert how["condition"] == "service_completed_successfully"
                assert services[needed]["restart"] == "no", (name, needed)


def test_every_lasting_service_has_a_healthcheck_and_ports_are_open_to_this_machine_only(
    services: dict[str, dict[str, Any]],
) -> None:
    for name, service in services.items():
        assert ("healthcheck" in service) == (service["restart"] == "unless-stopped"), name
        for port in service.get("ports", []):
            assert port.startswith("127.0.0.1:"), (name, port)
            assert port.endswith(f":{PORTS[name]}"), (name, port)


def test_the_image_installs_hashed_requirements_and_does_not_run_as_root() -> None:
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert any("--require-hashes -r requirements/run.lock" in line for line in lines)
    assert [line for line in lines if line.startswith("USER ")] == ["USER mingsuan"]
    copied = [line.strip("!\n") for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"]
    for path in copied:
        assert (ROOT / path).exists(), path
    packages = ("mingsuan", "transactional", "pipelines", "orchestration", "dashboards", "simulation", "dbt_project")
    assert set(packages) <= set(copied)


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory, services: dict[str, dict[str, Any]]) -> Iterator[dict[str, str]]:
    """The three connection strings of the compose file, pointed at a server that `docker/roles.sh` has prepared."""
    scripts = [volume.split(":")[0] for volume in services["postgres"]["volumes"] if volume.startswith("./")]
    with shared_server(tmp_path_factory.mktemp("pg") / "d", lambda _server: None) as server:
        at = f"host={quote(server.socket_dir)}&port={server.port}"
        script_environment = {
            "PATH": f"{binaries()}:{os.environ['PATH']}",
            "PGHOST": server.socket_dir,
            "POSTGRES_USER": "postgres",
            **PASSWORDS,
        }
        for script in scripts:
            subprocess.run([str(ROOT / script)], check=True, env=script_environment, capture_output=True)
        written = {name: value for name, value in services["migrate"]["environment"].items() if name.endswith("_URL")}
        yield {
            name: re.sub(r"@postgres/(\w+)$", rf"@/\1?{at}", VARIABLE.sub(lambda found: PASSWORDS[found[1]], value))
            for name, value in written.items()
        }


def test_the_server_gets_three_plain_roles_and_a_database_of_the_owner(urls: dict[str, str]) -> None:
    for role, url in zip(ROLES, (url for name, url in urls.items() if name != DATABASE), strict=True):
        with psycopg.connect(url) as connection:
            row = connection.execute(
                "select current_user, rolsuper, pg_has_role('pg_read_all_stats', 'member'),"
                " (select pg_get_userbyid(datdba) from pg_database where datname = current_database())"
                " from pg_roles where rolname = current_user"
            ).fetchone()
        assert row == (role, False, role == "shop_reader", "shop_owner")


def test_dagsters_services_and_no_others_know_its_own_database(services: dict[str, dict[str, Any]]) -> None:
    assert {name for name, service in services.items() if DATABASE in service["environment"]} == set(DAGSTERS)
    for name in DAGSTERS:
        assert services[name]["environment"].items() >= services["shop"]["environment"].items(), name


@pytest.mark.enable_socket
def test_dagsters_tables_are_made_in_its_database_before_its_processes_start(
    services: dict[str, dict[str, Any]], environment: dict[str, str]
) -> None:
    """The part of the first service's command that is Dagster's, by the role that owns nothing of the shop's."""
    _, _, own = services["migrate"]["command"][-1].partition(" && ")
    subprocess.run(shlex.split(own), cwd=ROOT, env=environment, check=True, capture_output=True)
    with psycopg.connect(environment[DATABASE].replace("+psycopg2", "")) as connection:
        row = connection.execute(
            "select current_user, count(*), bool_and(tableowner = current_user), bool_or(tablename = 'runs'),"
            " has_database_privilege('mingsuan', 'create') from pg_tables where schemaname = 'public'"
        ).fetchone()
    assert row is not None
    assert (row[0], row[2], row[3], row[4]) == ("dagster", True, True, False)
    assert row[1] > 10
    assert not list(Path(environment["DAGSTER_STORAGE_DIR"]).rglob("*.db"))


@pytest.fixture(scope="module")
def environment(urls: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A container's environment, its folders moved to a temporary one."""
    root = tmp_path_factory.mktemp("srv")
    image = {name: value.replace("/srv/", f"{root}/") for name, value in _image_environment().items()}
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {**image, **urls, "PATH": path, "HOME": str(root), "LANG": "C.UTF-8"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _running(name: str, service: dict[str, Any], environment: dict[str, str]) -> Iterator[None]:
    """The service's command on loopback and a free port, until its healthcheck as written (same port) is content."""
    port, inside = str(_free_port()), str(PORTS.get(name, 0))
    command = [re.sub(rf"\b{inside}\b", port, word).replace("0.0.0.0", "127.0.0.1") for word in service["command"]]  # noqa: S104
    check = [re.sub(rf"\b{inside}\b", port, word) for word in service["healthcheck"]["test"][1:]]
    environment = environment | {"MINGSUAN_WORKER_PORT": port}
    log = Path(environment["HOME"]) / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        deadline = time.monotonic() + 180
        while subprocess.run(check, env=environment, capture_output=True, check=False).returncode != 0:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.3)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


STARTED = ["shop", "worker", "dashboards", "dagster-daemon", "dagster-webserver"]


@pytest.fixture(scope="module")
def migrated(services: dict[str, dict[str, Any]], environment: dict[str, str]) -> None:
    subprocess.run(services["migrate"]["command"], cwd=ROOT, env=environment, check=True, capture_output=True)


@pytest.mark.proof
@pytest.mark.enable_socket
@pytest.mark.usefixtures("migrated")
@pytest.mark.parametrize("name", STARTED)
def test_the_command_runs_until_its_healthcheck_is_content(
    name: str, services: dict[str, dict[str, Any]], environment: dict[str, str]
) -> None:
    with _running(name, services[name], environment):
        pass


def test_no_service_is_forgotten_here(services: dict[str, dict[str, Any]]) -> None:
    assert set(services) == {
        *("postgres", "migrate", "shop", "worker", "dashboards", "dagster-webserver", "dagster-daemon")
    }
