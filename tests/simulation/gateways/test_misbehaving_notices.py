"""Notices of a gateway that misbehaves, delivered over HTTP to a shop that looks closely."""

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mingsuan import clock
from simulation.gateways.misbehaviour import Misbehaviour
from tests.simulation.gateways.served import served
from tests.transactional.payments.gateways.wechat_shop import NoNetwork
from transactional.payments.gateways.interface import RefusedNoticeError
from transactional.payments.gateways.wechat import WechatGateway

pytestmark = pytest.mark.enable_socket


class CloseLook:
    """Believes what is authentic and tells the right amount, and counts; refuses the first try of every notice."""

    def __init__(self) -> None:
        self.gateway: WechatGateway | None = None
        self.verdicts: Counter[str] = Counter()
        self.seen: Counter[str] = Counter()
        self.paid: set[str] = set()
        self.lock = threading.Lock()

    def look(self, headers: dict[str, str], body: bytes) -> int:
        assert self.gateway is not None
        try:
            notice = asyncio.run(self.gateway.authenticate(headers, body, clock.now()))
        except RefusedNoticeError as refused:
            with self.lock:
                self.verdicts[refused.verdict] += 1
            return 401
        assert notice.trade is not None
        with self.lock:
            self.seen[notice.trade.out_trade_no] += 1
            if notice.trade.amount_fen != 1_000:
                self.verdicts["wrong_amount"] += 1
            elif self.seen[notice.trade.out_trade_no] == 1:
                return 500
            else:
                self.paid.add(notice.trade.out_trade_no)
        return 200


@pytest.fixture
def shop() -> Iterator[tuple[CloseLook, str]]:
    looking = CloseLook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(looking.look({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield looking, f"http://127.0.0.1:{server.server_port}/notices"
    server.shutdown()
    thread.join()
    server.server_close()


def test_every_payment_but_the_silenced_arrives_whatever_else_is_sent(
    shop: tuple[CloseLook, str], tmp_path: Path
) -> None:
    looking, url = shop
    plan = Misbehaviour(seed=3, silence=0.1, duplicates=0.5, delay=0.5, forgeries=0.5, lies=0.3)
    with served(tmp_path, misbehaviour=plan, time_scale=1e-4, held=False) as world:
        looking.gateway = WechatGateway.from_settings(world.settings(), NoNetwork())
        numbers = [f"trade-{number:03}" for number in range(60)]
        for number in numbers:
            world.state.book.open_trade("wechat", number, 1_000, notify_url=url)
            world.state.pay("wechat", number)
        assert world.state.deliveries.drain(30)
    silenced = {number for number in numbers if not plan.copies(f"paid:{number}")}
    assert 0 < len(silenced) < 20
    assert looking.paid == set(numbers) - silenced
    forged = Counter(
        copy.tampering for number in numbers for copy in plan.copies(f"paid:{number}") if copy.tampering != "none"
    )
    forged["malformed"] = forged.pop("unreadable")
    assert looking.verdicts == forged
