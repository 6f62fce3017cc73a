"""The served shop with its worker, and the simulated world around it: gateways, mailbox, a provider of benefits."""

import asyncio
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from simulation.benefits import secret_of
from tests.journeys.conftest import START_S, ServedShop, free_port, served, stock_shop
from tests.simulation.gateways.served import World
from tests.simulation.gateways.served import served as served_gateways
from tests.transactional.small_shop import codes, one_sku
from tests.transactional.small_shop import stock as put_codes
from transactional.benefits import providers, signing
from transactional.benefits.providers import NewProvider
from transactional.db import writing
from transactional.notices.order_events import tell_of_orders
from transactional.shop import Shop

CODES = 12


@dataclass(frozen=True)
class Street:
    shop: ServedShop
    world: World


@contextmanager
def opened_street(urls: DatabaseUrls, folder: Path) -> Iterator[Street]:
    """One product at ¥50.00 with some codes, which are activated at the simulated provider."""
    settings, port = Settings(var=folder / "var", language="zh_CN"), free_port()
    with served_gateways(settings.gateways_dir, shop_url=f"http://127.0.0.1:{port}", held=False) as world:
        asyncio.run(stock_shop(urls, settings, lambda shop: _stocked(shop, world)))
        with (
            served(urls, settings, world.environment, port, folder / "shop.log") as shop,
            _worker(shop, world, folder / "worker.log"),
        ):
            yield Street(shop, world)


async def _stocked(shop: Shop, world: World) -> None:
    at, secret = f"{world.base_url}/benefits", secret_of(shop.settings.gateways_dir)
    async with writing(shop.engine) as session:
        sku = await one_sku(session)
        await put_codes(session, shop, sku.code, codes(CODES, "REAL-CODE"), 4000 * CODES)
        names = ("demo", "模拟会员中心", "Simulated members' club")
        new = NewProvider(*names, f"{at}/activate", f"{at}/api", signing.secret_text(secret))
        await providers.add(session, shop.vault, new)
        await providers.assign(session, await providers.product_id(session, "steam-50"), new.key)


@contextmanager
def _worker(shop: ServedShop, world: World, log: Path) -> Iterator[None]:
    """Sends mails and pays money back meanwhile, as it does for a real shop."""
    port = free_port()
    own = {"MINGSUAN_VAR": str(shop.settings.var), "MINGSUAN_WORKER_PORT": str(port)}
    environment = {**os.environ, **shop.urls.environment(), **world.environment, **own}
    command = [str(Path(sys.executable).with_name("mingsuan")), "worker"]
    with log.open("w") as output, subprocess.Popen(command, env=environment, stdout=output, stderr=output) as process:
        try:
            until = time.monotonic() + START_S
            while not listens(port):
                assert process.poll() is None, log.read_text()
                assert time.monotonic() < until, f"the worker did not start within {START_S} s"
                time.sleep(0.1)
            yield
        finally:
            process.terminate()


def news_are_told(shop: ServedShop) -> None:
    """What the worker does once a minute, now; in a thread: this one's event loop is the browser's."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, stock_shop(shop.urls, shop.settings, tell_of_orders)).result()


def listens(port: int) -> bool:
    """Whether somebody answers at that port of loopback."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
