"""Simulated Alipay and UnionPay send their notices to a shop over HTTP, which looks at them with its own adapters."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mingsuan import clock
from simulation.gateways.entries import Method
from simulation.gateways.misbehaviour import Copy, Misbehaviour, Tampering
from simulation.gateways.state import State
from tests.simulation.gateways.served import World, served
from transactional.payments.gateways.configured import gateways
from transactional.payments.gateways.interface import Gateway, RefusedNoticeError

pytestmark = pytest.mark.enable_socket
OTHERS: tuple[Method, ...] = ("alipay", "unionpay")
FORGED: tuple[Tampering, ...] = ("bad_signature", "stale", "unknown_serial", "wrong_merchant", "unreadable")


@dataclass
class Shop:
    """What it was told and whether it took it; the first `refusals` true notices are turned away."""

    url: str
    gateway: Gateway
    refusals: int = 0
    verdicts: list[str] = field(default_factory=list)

    def told(self, body: bytes) -> bytes | None:
        """The acknowledgement, None for a refusal."""
        try:
            asyncio.run(self.gateway.authenticate({}, body, clock.now()))
        except RefusedNoticeError as refused:
            self.verdicts.append(refused.verdict)
            return None
        self.verdicts.append("taken" if self.refusals <= 0 else "turned away")
        self.refusals -= 1
        return None if self.verdicts[-1] == "turned away" else self.gateway.acknowledge(True).body.encode()


@contextmanager
def shop_of(world: World, method: Method, refusals: int = 0) -> Iterator[Shop]:
    shop = Shop("", gateways(world.settings(wechat_mchid=None))[method], refusals)

    class Page(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            answer = shop.told(self.rfile.read(int(self.headers["content-length"])))
            body = answer or shop.gateway.acknowledge(False).body.encode()
            self.send_response(200 if answer is not None else 400)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    server.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    shop.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield shop
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        asyncio.run(shop.gateway.aclose())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with served(tmp_path_factory.getbasetemp() / "gateways", held=False, time_scale=0.00001) as world:
        yield world


def pay(state: State, method: Method, number: str, shop: Shop) -> None:
    state.book.open_trade(method, number, 1234, notify_url=f"{shop.url}/n")
    state.pay(method, number)
    assert state.deliveries.drain()


@pytest.mark.parametrize("method", OTHERS)
def test_a_notice_comes_once_when_it_is_taken(world: World, method: Method) -> None:
    with shop_of(world, method) as shop:
        pay(world.state, method, "A1", shop)
        assert shop.verdicts == ["taken"]


@pytest.mark.parametrize("method", OTHERS)
def test_a_notice_that_is_turned_away_comes_again_until_it_is_taken(world: World, method: Method) -> None:
    with shop_of(world, method, refusals=3) as shop:
        pay(world.state, method, "A2", shop)
        assert shop.verdicts == ["turned away"] * 3 + ["taken"]


@pytest.mark.parametrize(("method", "tries"), [("alipay", 8), ("unionpay", 6)])
def test_a_gateway_gives_up_in_the_end(world: World, method: Method, tries: int) -> None:
    with shop_of(world, method, refusals=100) as shop:
        pay(world.state, method, "A3", shop)
        assert shop.verdicts == ["turned away"] * tries


@pytest.mark.parametrize("method", OTHERS)
def test_forgeries_are_refused_and_the_true_notice_among_them_is_taken(world: World, method: Method) -> None:
    copies = (*(Copy(i * 1.0, tampering) for i, tampering in enumerate(FORGED)), Copy(60_000.0))
    world.state.deliveries.misbehaviour = Misbehaviour(scripts={"paid:A4": copies})
    with shop_of(world, method) as shop:
        pay(world.state, method, "A4", shop)
        unknown = "unknown_serial" if method == "unionpay" else "bad_signature"
        assert sorted(shop.verdicts[:-1]) == sorted(("bad_signature", "stale", unknown, "wrong_merchant", "malformed"))
        assert shop.verdicts[-1] == "taken"
    world.state.deliveries.misbehaviour = Misbehaviour()


@pytest.mark.parametrize("method", OTHERS)
def test_a_gateway_may_stay_silent_or_say_it_ten_times(world: World, method: Method) -> None:
    scripts = {"paid:A5": (), "paid:A6": (Copy(),) * 10}
    world.state.deliveries.misbehaviour = Misbehaviour(scripts=scripts)
    with shop_of(world, method) as shop:
        pay(world.state, method, "A5", shop)
        assert shop.verdicts == []
        pay(world.state, method, "A6", shop)
        assert shop.verdicts == ["taken"] * 10
    world.state.deliveries.misbehaviour = Misbehaviour()
