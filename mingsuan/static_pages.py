"""A folder of finished pages, shown to this machine only."""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

LOOPBACK = "127.0.0.1"


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: nobody reads a log of one's own clicks."""


def server(folder: Path, port: int) -> ThreadingHTTPServer:
    """Bound already, on loopback; port 0 takes any. Raises OSError when the port is taken."""
    return ThreadingHTTPServer((LOOPBACK, port), partial(_Quiet, directory=str(folder)))
