"""Serves a shop: starts its services together, says where each is, and stops them together.

Which services there are is `mingsuan.services`'; what remembers a served folder is `mingsuan.running`.
"""

import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from mingsuan.postgres import DatabaseUrls
from mingsuan.running import AlreadyServedError, served, stop_running
from mingsuan.services import Endpoint, Service, Services, endpoints, services
from mingsuan.settings import Settings
from mingsuan.watchdog import end_groups

__all__ = ["run", "stop_running"]

REFUSED = 2  # exit code: nothing was started
READY_SECONDS = 180.0
TAIL_LINES = 15
LOG_BYTES = 10_000_000


class Login(Protocol):
    """A log-in to show; the password is known only when it was made now."""

    @property
    def role(self) -> str: ...
    @property
    def email(self) -> str: ...
    @property
    def password(self) -> str | None: ...
    @property
    def note(self) -> str: ...


class ServiceEndedError(RuntimeError):
    """A service ended by itself, or never came up."""

    def __init__(self, service: Service, how: str) -> None:
        super().__init__(f"{service.part} {how}")
        self.service = service


def run(
    settings: Settings,
    urls: DatabaseUrls,
    logins: Sequence[Login],
    console: Console,
    gateways: Mapping[str, str] | None = None,
) -> int:
    """Serve until Ctrl-C, SIGTERM or `mingsuan stop` (0), or until a part dies (its exit code, see the README).

    2 when nothing was started: another process serves this folder, or a port is taken. `gateways` are the settings of
    simulated payment gateways, which are served too.
    """
    try:
        places = endpoints(settings, with_gateways=bool(gateways))
        with served(settings, {name: at.url for name, at in places.items()}):
            taken = [at for at in places.values() if not at.is_free()]
            if not taken:
                return _serve(settings, urls, logins, console, gateways)
            for endpoint in taken:
                console.print(f"[red]✗[/red] {escape(_is_taken(endpoint))}", highlight=False, soft_wrap=True)
    except AlreadyServedError as error:
        console.print(f"[red]✗[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
    _show_logins(logins, console)
    return REFUSED


def _is_taken(endpoint: Endpoint) -> str:
    return (
        f"port {endpoint.port} on {endpoint.host} is taken: end what listens there, or choose another port with"
        f" {endpoint.setting}. Nothing was started."
    )


def _serve(
    settings: Settings,
    urls: DatabaseUrls,
    logins: Sequence[Login],
    console: Console,
    gateways: Mapping[str, str] | None,
) -> int:
    logs = settings.var / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with _sockets() as socket_dir, _stop_signal() as stop:
        plan = services(settings, urls, socket_dir, gateways)
        try:
            with _children(plan, settings, logs) as children:
                _bring_up(plan, children, stop, console)
                if not stop.is_set():
                    _show_places(plan, logs, console)
                    _show_logins(logins, console)
                    if gateways:
                        console.print("The payment gateways are simulated: nobody pays or receives real money.")
                        console.print("The suppliers are simulated: what they sell opens nothing.")
                        post = f"http://127.0.0.1:{settings.simulated_gateways_port}/mailbox"
                        console.print(f"Mails and codes are simulated too: read them at {post}", highlight=False)
                while not stop.wait(0.3):
                    children.check()
                console.print("[dim]·[/dim] stopping")
        except ServiceEndedError as ended:
            console.print(f"[red]✗[/red] {ended}; the others were stopped. The end of its log:", highlight=False)
            log = logs / f"{ended.service.name}.log"
            console.print(_tail(log), highlight=False, markup=False, soft_wrap=True)
            return ended.service.exit_code
    return 0


@contextmanager
def _sockets() -> Iterator[Path]:
    """A short private folder: the path of a socket is limited to some 100 bytes."""
    folder = Path(tempfile.mkdtemp(prefix="mingsuan-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _stop_signal() -> Iterator[threading.Event]:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, ask) for number in numbers}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Children:
    """The started processes, each in a process group of its own that the watchdog knows."""

    def __init__(self, environment: dict[str, str], watchdog: "subprocess.Popen[str]", logs: Path) -> None:
        self._environment = environment
        self._watchdog = watchdog
        self._logs = logs
        self._started: dict[str, tuple[Service, subprocess.Popen[bytes]]] = {}

    def start(self, service: Service) -> None:
        path = self._logs / f"{service.name}.log"
        if path.exists() and path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".log.1"))
        with path.open("ab") as log:
            process = subprocess.Popen(  # noqa: S603
                service.command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._started[service.name] = (service, process)
        self._tell(f"+{process.pid}")

    def check(self) -> None:
        """Raises ServiceEndedError when one has ended."""
        for service, process in self._started.values():
            if (code := process.poll()) is not None:
                raise ServiceEndedError(service, f"ended by itself (exit code {code})")

    def stop(self) -> None:
        reaper = threading.Thread(target=self._reap)  # a zombie would still count as a member of its group
        reaper.start()
        end_groups(process.pid for _, process in self._started.values())
        reaper.join()
        self._tell("bye")

    def _reap(self) -> None:
        for _, process in self._started.values():
            process.wait()

    def _tell(self, line: str) -> None:
        if self._watchdog.stdin is not None:
            self._watchdog.stdin.write(f"{line}\n")
            self._watchdog.stdin.flush()


@contextmanager
def _children(plan: Services, settings: Settings, logs: Path) -> Iterator[_Children]:
    embedded = [] if settings.owner_database_url else [str(settings.var / "pg")]
    watchdog = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "mingsuan.watchdog", *embedded],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    with watchdog:
        children = _Children(plan.environment, watchdog, logs)
        try:
            yield children
        finally:
            children.stop()


def _bring_up(plan: Services, children: _Children, stop: threading.Event, console: Console) -> None:
    deadline = time.monotonic() + READY_SECONDS
    waiting, ready = list(plan.of), set[str]()
    started = set[str]()
    while waiting and not stop.is_set():
        for service in list(waiting):
            if service.name not in started and ready.issuperset(service.after):
                children.start(service)
                started.add(service.name)
            elif service.name in started and service.is_ready():
                console.print(f"[dim]·[/dim] {service.part} is up", highlight=False)
                ready.add(service.name)
                waiting.remove(service)
        children.check()
        if time.monotonic() > deadline:
            raise ServiceEndedError(waiting[0], f"did not come up within {READY_SECONDS:.0f} s")
        stop.wait(0.2)


def _show_places(plan: Services, logs: Path, console: Console) -> None:
    table = Table("what", "where", "log", title="Mingsuan is served", title_justify="left")
    for service, endpoint in plan.endpoints:
        table.add_row(service.part, endpoint.url, f"{service.name}.log")
    console.print(table)
    console.print(
        f"Logs are in {escape(str(logs))}. Ctrl-C or `mingsuan stop` ends all of it.", highlight=False, soft_wrap=True
    )


def _show_logins(logins: Sequence[Login], console: Console) -> None:
    if not logins:
        return
    table = Table("role", "e-mail", "password", "", title="Log-ins", title_justify="left")
    for login in logins:
        table.add_row(login.role, login.email, login.password or "[dim]as given when it was made[/dim]", login.note)
    console.print(table)


def _tail(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
