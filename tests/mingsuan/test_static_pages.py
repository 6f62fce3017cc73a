"""Finished pages are shown to this machine, and nothing beside their folder."""

import threading
from pathlib import Path

import httpx
import pytest

from mingsuan.static_pages import server


@pytest.mark.enable_socket
def test_a_folder_is_served_on_loopback_only(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("not shown")
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/index.html").write_text("<p>models</p>")
    with server(tmp_path / "docs", 0) as shown:
        host, port = shown.server_address[:2]
        assert host == "127.0.0.1"
        threading.Thread(target=shown.serve_forever, daemon=True).start()
        try:
            assert httpx.get(f"http://127.0.0.1:{port}/").text == "<p>models</p>"
            assert httpx.get(f"http://127.0.0.1:{port}/%2e%2e/secret").status_code == 404
            with pytest.raises(OSError, match="in use"):
                server(tmp_path, int(port))
        finally:
            shown.shutdown()
