"""The process that holds the definitions for Dagster's webserver and daemon; started with the path of its socket.

One for both, since each of their own would cost some 250 MB.
"""

import os
import sys
from pathlib import Path

from orchestration.instance import start_afresh, write_workspace


def main(socket: str) -> None:
    """Make this process Dagster's code server, listening on a Unix socket."""
    start_afresh()
    write_workspace(Path(socket))
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "api", "grpc", "--socket", socket, "--module-name", "orchestration.definitions"]
    os.execv(dagster, [*command, "--log-level", "warning"])  # noqa: S606


if __name__ == "__main__":
    main(sys.argv[1])
