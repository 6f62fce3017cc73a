"""Notices on their way to the shop: retried on schedule, and misbehaving by plan."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from simulation.gateways.deliveries import RETRIES_S, Deliveries, Letter, Message
from simulation.gateways.misbehaviour import Copy, Misbehaviour, Tampering

pytestmark = pytest.mark.enable_socket


class Shop:
    """Listens, keeps what arrives, and answers as it is told."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.bodies: list[bytes] = []
        self.answer: Callable[[int], int] = lambda _: 200


@pytest.fixture
def shop() -> Iterator[Shop]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listening.bodies.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(listening.answer(len(listening.bodies)))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening = Shop(f"http://127.0.0.1:{server.server_port}/notices")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield listening
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def delivering(plan: Misbehaviour | None = None, time_scale: float = 1e-6, held: bool = False) -> Iterator[Deliveries]:
    deliveries = Deliveries(plan, time_scale=time_scale, held=held)
    yield deliveries
    deliveries.close()


def letter(shop: Shop, name: str = "paid:A") -> Letter:
    def write(tampering: Tampering) -> Message:
        return Message({}, f"{name} {tampering}".encode())

    return Letter("wechat", name, shop.url, write, lambda answer: answer.is_success)


def test_wechats_retries_take_24_hours_and_4_minutes() -> None:
    assert len(RETRIES_S["wechat"]) == 15
    assert sum(RETRIES_S["wechat"]) == 24 * 3600 + 4 * 60


def test_a_notice_is_sent_until_the_shop_accepts_it(shop: Shop) -> None:
    shop.answer = lambda number: 200 if number == 4 else 500
    with delivering() as deliveries:
        deliveries.post(letter(shop))
        assert deliveries.drain()
        assert [sent.status for sent in deliveries.sent] == [500, 500, 500, 200]


def test_a_notice_that_is_never_accepted_is_given_up_at_the_end_of_the_schedule(shop: Shop) -> None:
    shop.answer = lambda _: 503
    with delivering() as deliveries:
        deliveries.post(letter(shop))
        assert deliveries.drain()
    assert len(shop.bodies) == 1 + 15


def test_retries_wait_as_long_as_the_schedule_says(shop: Shop) -> None:
    shop.answer = lambda _: 500
    with delivering(time_scale=60.0) as deliveries:
        deliveries.post(letter(shop))
        assert not deliveries.drain(0.3)
    assert len(shop.bodies) == 1


def test_a_shop_that_cannot_be_reached_is_tried_again() -> None:
    gone = Letter("wechat", "paid:A", "http://127.0.0.1:9/notices", lambda _: Message({}, b""), lambda _: True)
    with delivering() as deliveries:
        deliveries.post(gone)
        assert deliveries.drain()
        assert {sent.status for sent in deliveries.sent} == {None}
        assert len(deliveries.sent) == 16


def test_a_script_says_exactly_what_is_sent(shop: Shop) -> None:
    script = (Copy(0, "bad_signature"), Copy(1, "none"), Copy(2, "none"), Copy(3, "wrong_amount"))
    shop.answer = lambda number: 401 if number == 1 else 200
    with delivering(Misbehaviour(scripts={"paid:A": script, "paid:B": ()}), time_scale=0.02) as deliveries:
        deliveries.post(letter(shop))
        deliveries.post(letter(shop, "paid:B"))
        assert deliveries.drain()
    assert shop.bodies == [b"paid:A bad_signature", b"paid:A none", b"paid:A none", b"paid:A wrong_amount"]


def test_a_notice_that_cannot_be_written_stops_no_other(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: Tampering) -> Message:
        raise ValueError("no words")

    with delivering() as deliveries:
        deliveries.post(Letter("wechat", "paid:B", shop.url, fails, lambda answer: answer.is_success))
        deliveries.post(letter(shop))
        assert deliveries.drain()
    assert shop.bodies == [b"paid:A none"]
    assert "paid:B could not be written" in caplog.text


def test_held_notices_go_out_when_a_test_sends_them(shop: Shop) -> None:
    with delivering(held=True) as deliveries:
        deliveries.post(letter(shop))
        assert deliveries.drain()
        assert shop.bodies == []
        assert deliveries.send("paid:A", "stale").accepted
        assert deliveries.message("paid:A").body == b"paid:A none"
    assert shop.bodies == [b"paid:A stale"]


def test_misbehaviour_is_the_same_for_the_same_seed_and_shares_come_true() -> None:
    plan = Misbehaviour(seed=7, silence=0.2, duplicates=0.5, delay=0.5, forgeries=0.25, lies=0.1)
    names = [f"paid:{number}" for number in range(2_000)]
    copies = [plan.copies(name) for name in names]
    assert copies == [plan.copies(name) for name in names]
    assert copies != [Misbehaviour(seed=8, silence=0.2, duplicates=0.5).copies(name) for name in names]
    spoken = [sent for sent in copies if sent]
    assert 0.17 < 1 - len(spoken) / 2_000 < 0.23
    true = [[copy for copy in sent if copy.tampering == "none"] for sent in spoken]
    assert min(len(sent) for sent in true) == 1
    assert 0.45 < sum(len(sent) > 1 for sent in true) / len(true) < 0.55
    liars = [sent for sent in spoken if sent[0].tampering in ("wrong_amount", "wrong_merchant")]
    assert 0.07 < len(liars) / len(spoken) < 0.13


def test_without_a_plan_each_notice_is_sent_once_at_once() -> None:
    assert Misbehaviour().copies("paid:A") == (Copy(0.0, "none"),)
