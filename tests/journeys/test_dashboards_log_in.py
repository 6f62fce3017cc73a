"""Logging in to the dashboards at a real OpenID Connect provider, in a real browser: who comes in, as what, and out."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc.jwk import RSAKey
from playwright.sync_api import Browser, Locator, Page, expect

from dashboards.access import Viewer
from dashboards.store import access_log
from dashboards.store.database import Store
from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.services import services
from mingsuan.settings import Settings
from tests.dashboards.conftest import write_version
from tests.dashboards.oidc import CLIENT, SECRET, Provider, provider_for
from tests.journeys.conftest import free_port, started

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
START_S = 90
WAIT_MS = 30_000


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    with started(chromium) as running:
        yield running


@pytest.fixture
def provider(tmp_path: Path) -> Iterator[tuple[Provider, Settings]]:
    """A provider, and dashboards with the tiny shop's figures that trust it, as `mingsuan serve` starts them."""
    port, file = free_port(), tmp_path / "log-in.toml"
    settings = Settings(var=tmp_path / "var", dashboards_port=port, dashboards_login_file=file)
    write_version(settings.published_dir, source_instant=clock.now())
    with provider_for(f"http://127.0.0.1:{port}") as known:
        file.write_text(
            f'[auth]\nredirect_uri = "{known.redirect_uri}"\ncookie_secret = "{os.urandom(32).hex()}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\nexpose_tokens = ["id"]\n'
            f'server_metadata_url = "{known.url}/.well-known/openid-configuration"\n'
        )
        with _served(settings, tmp_path / "dashboards.log"):
            yield known, settings


@contextmanager
def _served(settings: Settings, log: Path) -> Iterator[None]:
    plan = services(settings, DatabaseUrls("", "", ""), settings.var)
    [service] = [each for each, _ in plan.endpoints if each.name == "dashboards"]
    environment = {**plan.environment, "MINGSUAN_DASHBOARDS_LOGIN_FILE": str(settings.dashboards_login_file)}
    with (
        log.open("w") as output,
        subprocess.Popen(service.command, env=environment, stdout=output, stderr=output) as process,
    ):
        try:
            until = time.monotonic() + START_S
            while not service.is_ready():
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"the dashboards did not start within {START_S} s"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def test_people_come_in_as_what_the_provider_says_and_go_out_again(
    provider: tuple[Provider, Settings], browser: Browser
) -> None:
    known, settings = provider
    page = browser.new_page(viewport={"width": 1440, "height": 900}, locale="zh-CN")
    at = f"http://127.0.0.1:{settings.dashboards_port}"

    known.person = {"sub": "s-1", "email": "chen@shop.example", "roles": ["operator"]}
    _log_in(page, f"{at}/")
    expect(page.get_by_text("当前登录：chen@shop.example")).to_be_visible(timeout=WAIT_MS)
    expect(_heading(page)).to_have_text("这些数字可信吗？", timeout=WAIT_MS)
    page.goto(f"{at}/profit")
    expect(_heading(page)).to_have_text("您的角色无权查看", timeout=WAIT_MS)

    _log_out(page, lambda: known.ended == 1)
    known.person = {"sub": "s-2", "email": "cook@shop.example", "roles": ["cook"]}
    _log_in(page, f"{at}/profit")
    expect(page.get_by_text("您当前登录为 cook@shop.example")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stMetric")).to_have_count(0)

    _log_out(page, lambda: known.ended == 2)
    known.person = {"sub": "s-3", "email": "wang@shop.example", "roles": ["owner"]}
    _log_in(page, f"{at}/")
    expect(_heading(page)).to_have_text("店铺真正赚了多少？", timeout=WAIT_MS)
    looked = access_log.entries(
        Store(settings.dashboards_store_file),
        Viewer(frozenset({"owner"})),
        first=clock.now() - timedelta(hours=1),
        last=clock.now(),
    )
    assert {entry.who for entry in looked.newest} == {"chen@shop.example", "wang@shop.example"}


def test_a_token_that_another_key_signed_lets_nobody_in(provider: tuple[Provider, Settings], browser: Browser) -> None:
    known, settings = provider
    known.published = RSAKey.generate_key(2048, {"kid": "signing", "use": "sig"})
    known.person = {"sub": "s-3", "email": "wang@shop.example", "roles": ["owner"]}
    page = browser.new_page()
    _log_in(page, f"http://127.0.0.1:{settings.dashboards_port}/")
    page.wait_for_url(f"http://127.0.0.1:{settings.dashboards_port}/**", timeout=WAIT_MS)
    expect(page.locator(".st-key-log_in button")).to_be_visible(timeout=WAIT_MS)
    expect(page.get_by_test_id("stMetric")).to_have_count(0)


def _heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def _log_in(page: Page, address: str) -> None:
    page.goto(address)
    page.locator(".st-key-log_in button").click(timeout=WAIT_MS)


def _log_out(page: Page, is_done: Callable[[], bool]) -> None:
    page.locator(".st-key-log_out button").click(timeout=WAIT_MS)
    expect(page.locator(".st-key-log_in button")).to_be_visible(timeout=WAIT_MS)
    assert is_done()
