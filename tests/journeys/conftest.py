"""A real Chromium and a really served shop, for the journeys; without Chromium they are reported as not run."""

import asyncio
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.conftest import IN_CI
from tests.journeys.install_chromium import find
from transactional.db import engine
from transactional.shop import Shop, open_shop

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 60
LISTENING = re.compile(r"running on (http://127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class ServedShop:
    """A shop that answers at `url`, on a database of its own."""

    url: str
    urls: DatabaseUrls
    settings: Settings


@pytest.fixture
def journey_settings(tmp_path: Path) -> Settings:
    """Settings whose state lives in this journey's folder; other services of the journey use the same."""
    return Settings(var=tmp_path / "var", language="zh_CN")


@pytest.fixture
def stocking() -> Callable[[Shop], Awaitable[None]] | None:
    """What to put into the shop before it opens; a journey's module overrides this fixture."""
    return None


@pytest.fixture
def outside() -> Mapping[str, str]:
    """Settings of the world outside, such as gateways; a journey's module overrides this fixture."""
    return {}


@pytest.fixture
def served_shop(
    fresh_database: DatabaseUrls,
    journey_settings: Settings,
    stocking: Callable[[Shop], Awaitable[None]] | None,
    outside: Mapping[str, str],
    tmp_path: Path,
) -> Iterator[ServedShop]:
    """The shop on a free loopback port; gateways find it there."""
    if stocking is not None:
        asyncio.run(stock_shop(fresh_database, journey_settings, stocking))
    with served(fresh_database, journey_settings, outside, free_port(), tmp_path / "shop.log") as shop:
        yield shop


@contextmanager
def served(
    urls: DatabaseUrls, settings: Settings, outside: Mapping[str, str], port: int, log: Path
) -> Iterator[ServedShop]:
    """The shop under uvicorn on that loopback port, as a service is started."""
    command = [sys.executable, "-m", "uvicorn", "--factory", "transactional.app:from_environment"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    own = {"MINGSUAN_VAR": str(settings.var), "MINGSUAN_PUBLIC_URL": f"http://127.0.0.1:{port}"}
    environment = {**os.environ, **urls.environment(), **own, **outside}
    with log.open("w") as output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process:
        try:
            yield ServedShop(_address(process, log), urls, settings)
        finally:
            process.terminate()


def free_port() -> int:
    """A port of loopback on which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def stock_shop(urls: DatabaseUrls, settings: Settings, stocking: Callable[[Shop], Awaitable[None]]) -> None:
    """Puts something into a shop, or does what its worker would, beside the process that serves it."""
    source = engine(urls.app)
    try:
        await stocking(await open_shop(settings, source))
    finally:
        await source.dispose()


def _address(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where the shop listens, as soon as it says so."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        said = LISTENING.search(log.read_text())
        if said:
            return said.group(1)
        time.sleep(0.02)
    pytest.fail(f"the shop did not start within {START_S} s:\n{log.read_text()}")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium. Without one journeys are skipped, and fail in CI."""
    found = find()
    if found is None:
        reason = "Chromium was not found; install it or name it in MINGSUAN_CHROMIUM"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(f"not run: {reason}")
    return found


@pytest.fixture
def browser(chromium: str, served_shop: ServedShop) -> Iterator[Browser]:
    """Chromium, started after the shop: while it runs, this thread's event loop is its own."""
    with started(chromium) as running:
        yield running


@contextmanager
def started(chromium: str) -> Iterator[Browser]:
    """A running Chromium."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, headless=True, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def phone(browser: Browser, served_shop: ServedShop) -> Iterator[BrowserContext]:
    """A shopper's phone that prefers Chinese."""
    made = browser.new_context(
        base_url=served_shop.url,
        viewport={"width": 390, "height": 844},
        has_touch=True,
        locale="zh-CN",
        permissions=["clipboard-read", "clipboard-write"],
    )
    yield made
    made.close()


@pytest.fixture
def desk(browser: Browser, served_shop: ServedShop) -> Iterator[BrowserContext]:
    """A clerk's computer that prefers English."""
    made = browser.new_context(base_url=served_shop.url, viewport={"width": 1440, "height": 900}, locale="en-GB")
    yield made
    made.close()


@dataclass
class Watched:
    """A tab and everything that its console complained about: a blocked script or style ends up here."""

    page: Page
    complaints: list[str]


@pytest.fixture
def watched() -> Callable[[BrowserContext], Watched]:
    """Opens a tab whose complaints are kept."""

    def opened(context: BrowserContext) -> Watched:
        page = context.new_page()
        page.set_default_timeout(10_000)
        expect.set_options(timeout=10_000)
        tab = Watched(page, [])
        page.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: tab.complaints.append(str(error)))
        return tab

    return opened
