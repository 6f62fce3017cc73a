"""A draw as a shopper lives it: a chance earned, a number, the countdown, the result, verified in the browser, claimed.

Then an auditor downloads it and the command verifies it. Shop, worker, beacon and witness are processes of their own.
"""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from mingsuan.draw_verifier import EXITS
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation import witness
from tests.journeys.conftest import START_S, ServedShop, Watched, free_port, served, started, stock_shop
from tests.journeys.steps import PASSWORD, log_in, sound
from tests.journeys.street import listens
from tests.transactional.draws.lives import new_draw
from transactional.accounts import service as accounts
from transactional.db import writing
from transactional.draws import entries, service
from transactional.draws.log.keeper import keeper_of
from transactional.shop import Shop

pytestmark = [pytest.mark.proof, pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
SHOPPER = "li@example.com"
DELAY_S = 90
"""Between the last entry and the deciding round: room for the countdown, and for a witness on a busy machine."""
PATIENCE_MS = 240_000
STEP_MS = 60_000
COMMAND = str(Path(sys.executable).with_name("mingsuan"))


@dataclass(frozen=True)
class Fair:
    """A shop whose draw lacks one entry, and the world that decides it."""

    shop: ServedShop
    folder: Path


@contextmanager
def running(command: Sequence[str], environment: Mapping[str, str], port: int, log: Path) -> Iterator[None]:
    """A process that listens there, until the end."""
    own = {**os.environ, **environment}
    with log.open("w") as output, subprocess.Popen(list(command), env=own, stdout=output, stderr=output) as process:
        try:
            until = time.monotonic() + START_S
            while not listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"{command} did not start within {START_S} s"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


@pytest.fixture
def fair(fresh_database: DatabaseUrls, tmp_path: Path) -> Iterator[Fair]:
    settings, urls = Settings(var=tmp_path / "var", language="zh_CN"), fresh_database
    beacon, seer, jobs = free_port(), free_port(), free_port()
    own = witness.environment(settings.witness_dir, f"http://127.0.0.1:{seer}", keeper_of(settings).verifier)
    own |= {"MINGSUAN_SIMULATED_BEACON_PORT": str(beacon), "MINGSUAN_WORKER_PORT": str(jobs)}
    own |= {**urls.environment(), "MINGSUAN_VAR": str(settings.var)}
    asyncio.run(stock_shop(urls, settings, _announced))
    module = (sys.executable, "-m")
    seeing = ("--folder", str(settings.witness_dir), "--port", str(seer))
    with ExitStack() as world:
        for name, command, port in (
            ("beacon", (*module, "simulation.beacon", "--port", str(beacon)), beacon),
            ("witness", (*module, "simulation.witness", *seeing), seer),
            ("worker", (COMMAND, "worker"), jobs),
        ):
            world.enter_context(running(command, own, port, tmp_path / f"{name}.log"))
        yield Fair(world.enter_context(served(urls, settings, own, free_port(), tmp_path / "shop.log")), tmp_path)


async def _announced(shop: Shop) -> None:
    """Two entries and two prizes; one entry is the shop's own, so that the shopper's wins."""
    async with writing(shop.engine) as session:
        staff = await accounts.add_staff(session, "owner@example.com", PASSWORD, "Owner", "owner")
        await accounts.register(session, SHOPPER, PASSWORD, "")
        new = new_draw(capacity=2, winners=2, reserves=0, delay_s=DELAY_S, prize_name="礼品卡 100 元")
        drafted = await service.draft(session, new, staff.id)
        await service.open_draw(session, drafted.id, staff.id, drafted.created_at, is_trial=True)
    async with writing(shop.engine) as session:
        await entries.house(session, drafted.id, 1)


@pytest.fixture
def chrome(chromium: str, fair: Fair) -> Iterator[Browser]:
    """Started after the shop: while it runs, this thread's event loop is its own."""
    with started(chromium) as running_one:
        yield running_one


def test_from_an_earned_chance_to_the_prize_and_the_auditors_verdict(chrome: Browser, fair: Fair) -> None:
    with _context(chrome, fair, 390) as phone:
        tab = _watched(phone)
        page = tab.page
        log_in(page, "/log-in", SHOPPER)
        _earn_a_chance(page)
        address = _join(page)
        _see_the_countdown_and_the_result(page, address)
        _verify(page, address)
        _claim(page)
        assert tab.complaints == []
    with _context(chrome, fair, 1440) as desk:
        tab = _watched(desk)
        assert _audited(tab.page, address, fair.folder) == EXITS["TEST"]
        assert tab.complaints == []


@contextmanager
def _context(chrome: Browser, fair: Fair, width: int) -> Iterator[BrowserContext]:
    made = chrome.new_context(
        base_url=fair.shop.url, viewport={"width": width, "height": 844}, locale="zh-CN", accept_downloads=True
    )
    yield made
    made.close()


def _watched(context: BrowserContext) -> Watched:
    page = context.new_page()
    page.set_default_timeout(STEP_MS)
    expect.set_options(timeout=STEP_MS)
    tab = Watched(page, [])
    page.on("console", lambda said: tab.complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: tab.complaints.append(str(error)))
    return tab


def _earn_a_chance(page: Page) -> None:
    page.goto("/account/draws")
    sound(page)
    page.get_by_role("button", name="签到领一次机会").click()
    expect(page.get_by_role("status")).to_contain_text("多了一次机会")
    expect(page.get_by_text("今天已签到")).to_be_visible()


def _join(page: Page) -> str:
    """The draw's address."""
    page.goto("/draws")
    sound(page)
    page.get_by_role("link", name=re.compile("端午抽奖")).click()
    address = page.url
    sound(page)
    expect(page.get_by_text("已参与 1 / 2")).to_be_visible()
    page.get_by_role("button", name="使用机会参与").click()
    expect(page.get_by_text("¥0.00")).to_be_visible()
    sound(page)
    page.get_by_role("button", name="参与", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("参与成功")
    return address


def _see_the_countdown_and_the_result(page: Page, address: str) -> None:
    """The page counts down by itself, and asks for itself again when the round is there."""
    _look_until(page, address, "已固定，待开奖")
    expect(page.get_by_role("timer")).to_have_text(re.compile(r"00:0\d:\d\d"))
    expect(page.get_by_text("不透露身份")).to_have_count(0)
    sound(page)
    _look_until(page, address, "已开奖")
    expect(page.get_by_text("您的号码 10000002 中奖了。")).to_be_visible()
    expect(page.get_by_text("奖品留在本店")).to_be_visible()
    page.get_by_text("逐步查看每次抽取").click()
    expect(page.locator("table strong")).to_have_count(2)
    sound(page)


def _verify(page: Page, address: str) -> None:
    """Until the result is in the log, which takes a second or so, the browser says that it is overdue."""
    page.goto(address)
    page.get_by_role("link", name="在此浏览器中验证").click()
    verdict = page.locator("#verdict")
    until = time.monotonic() + PATIENCE_MS / 1000
    expect(verdict).to_be_visible()
    while verdict.get_attribute("data-verdict") == "OVERDUE" and time.monotonic() < until:
        page.wait_for_timeout(1000)
        page.reload()
        expect(verdict).to_be_visible()
    expect(verdict).to_contain_text("全部一致（测试）")
    expect(page.locator("[data-state=failed]")).to_have_count(0)
    expect(page.locator("[data-step=WRONG-WINNERS][data-state=passed]")).to_have_count(1)
    sound(page)


def _claim(page: Page) -> None:
    page.goto("/account/draws")
    page.get_by_role("button", name="领奖").click()
    expect(page.get_by_role("status")).to_contain_text("已领奖")
    expect(page.get_by_text("已领奖，交付中")).to_be_visible()
    sound(page)


def _look_until(page: Page, address: str, words: str) -> None:
    until = time.monotonic() + PATIENCE_MS / 1000
    while time.monotonic() < until:
        page.goto(address)
        if page.get_by_text(words, exact=True).count():
            return
        page.wait_for_timeout(500)
    expect(page.get_by_text(words, exact=True)).to_be_visible()


def _audited(page: Page, address: str, folder: Path) -> int:
    """The command's exit code on what an auditor downloads from the public page."""
    page.goto(f"{address}/verify")
    with page.expect_download() as download:
        page.get_by_role("link", name="下载全部数据").last.click()
    bundle, policy = folder / "bundle.zip", folder / "policy.json"
    download.value.save_as(bundle)
    policy.write_text(page.request.get("/log/policy.json").text())
    command = [COMMAND, "verify-draw", str(bundle), "--policy", str(policy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(done.stdout)  # noqa: T201  (what the auditor reads)
    return done.returncode
