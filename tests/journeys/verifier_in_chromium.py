"""The verifier of the draws' pages in a real Chromium, on a bare page with the page's own import map and policy."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

from playwright.sync_api import Browser, Page

from tests.draws.worlds import Case
from transactional.draws.verify_policy import IMPORT_MAP, VERIFY_CONTENT_POLICY
from transactional.web.templating import STATIC

BARE = f'<!doctype html><html lang="en"><title>x</title><script type="importmap">{IMPORT_MAP}</script>'
VERIFY = """async ({bundle, policy, now, receipt, seen}) => {
    const {verify} = await import("/static/draws/verify.js");
    const {policyOf} = await import("/static/draws/policy.js");
    const archive = Uint8Array.from(atob(bundle), (letter) => letter.charCodeAt(0));
    const evidence = receipt && new TextEncoder().encode(receipt);
    const steps = {};
    const report = (code, state, saw) => { steps[code] = state; };
    let told = 0;
    const tell = () => { told += 1; };
    const from = performance.now();
    const verdict = await verify(archive, policyOf(policy), {now, receipt: evidence, seen, report, tell});
    return {...verdict, steps, told, ms: performance.now() - from};
}"""


@dataclass(frozen=True)
class Verdict:
    """What the page would show: the code, why in words, and the state of each step by its code.

    `told` counts news of progress, `ms` is how long it took.
    """

    code: str
    words: str
    steps: dict[str, str]
    told: int
    ms: float


def verdict(page: Page, case: Case) -> Verdict:
    """What the browser says of a case."""
    given = {
        "bundle": base64.b64encode(case.bundle).decode(),
        "policy": case.policy,
        "now": case.now,
        "receipt": None if case.receipt is None else json.dumps(case.receipt),
        "seen": list(case.seen),
    }
    said: dict[str, Any] = page.evaluate(VERIFY, given)
    return Verdict(**said)


@contextmanager
def verifier_page(chrome: Browser) -> Iterator[Page]:
    """A tab that holds nothing but the verifier; its console must not complain."""
    with _served() as address:
        page, complaints = chrome.new_page(), list[str]()
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        yield page
        assert complaints == []
        page.close()


@contextmanager
def _served() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Files, directory=str(STATIC)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Files(SimpleHTTPRequestHandler):
    """The shop's static files under /static, and the bare page elsewhere."""

    def do_GET(self) -> None:
        if self.path.startswith("/static/"):
            self.path = self.path.removeprefix("/static")
            super().do_GET()
            return
        self.send_response(200 if self.path == "/" else 204)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", VERIFY_CONTENT_POLICY)
        self.end_headers()
        if self.path == "/":
            self.wfile.write(BARE.encode())

    def log_message(self, *args: object) -> None:
        """Quiet."""
