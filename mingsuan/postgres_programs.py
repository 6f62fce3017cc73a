"""PostgreSQL's own client programs (pg_dump, pg_restore): found, as new as the server, given their connection."""

import os
import re
import shutil
import subprocess
from contextlib import suppress
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict

from mingsuan.embedded_postgres import EmbeddedServerError, binaries

ENVIRONMENT = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


class ProgramError(RuntimeError):
    """A client program is missing, too old, or failed; the message is a sentence with what it said."""


def run(name: str, arguments: list[str], url: str, server_version: int) -> str:
    """Run `name` on the database of a libpq URL, whose password is not shown in the list of processes.

    Raises ProgramError when none is at least as new as the server (such as 180001), or when it fails.
    """
    connection = conninfo_to_dict(url)
    given = {variable: str(connection[key]) for key, variable in ENVIRONMENT.items() if connection.get(key)}
    done = subprocess.run(  # noqa: S603
        [str(program(name, server_version // 10000)), *arguments],
        env={**os.environ, **given},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise ProgramError(f"{name} failed; it said:\n{said}")
    return done.stdout


def program(name: str, major: int) -> Path:
    """The first of PATH and the embedded server's whose major version is at least `major`. Raises ProgramError."""
    found = [Path(path) for path in (shutil.which(name),) if path]
    with suppress(EmbeddedServerError):
        found.append(binaries() / name)
    versions = {path: _major(path) for path in found if path.exists()}
    for path, version in versions.items():
        if version >= major:
            return path
    seen = f"found only version {max(versions.values())}" if versions else "found none"
    raise ProgramError(f"{name} of PostgreSQL {major} or newer is needed, {seen}: install its client programs")


def _major(path: Path) -> int:
    said = subprocess.run([str(path), "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    number = re.search(r"\) (\d+)", said)
    return int(number[1]) if number else 0
