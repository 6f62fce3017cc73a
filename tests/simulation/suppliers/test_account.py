"""An account at work over HTTP: orders end in their time, callbacks go out until accepted, faults are injected."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from mingsuan import clock
from simulation.suppliers.misbehaviour import Misbehaviour
from simulation.suppliers.rounds import Rounds
from simulation.suppliers.statements import ZONE, lines
from simulation.suppliers.tempo import Tempo
from tests.simulation.suppliers.served import served
from tests.transactional.suppliers.protocols.fulu_shop import NOTICES, card, channel, spec
from transactional.suppliers.protocols.interface import SupplierRefusedError

pytestmark = [pytest.mark.enable_socket, pytest.mark.anyio]


class Ear:
    """Listens to callbacks: says no to the first, yes to others."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.enough = threading.Event()
        self.wanted = 2


@pytest.fixture
def ear() -> Iterator[tuple[Ear, str]]:
    listening = Ear()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            listening.heard.append(self.rfile.read(int(self.headers["content-length"])))
            said = b"success" if len(listening.heard) > 1 else b"not now"
            self.send_response(200)
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)
            if len(listening.heard) >= listening.wanted:
                listening.enough.set()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield listening, f"http://127.0.0.1:{server.server_port}/notices"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_an_order_ends_by_itself_and_is_told_of_until_somebody_accepts(ear: tuple[Ear, str]) -> None:
    listening, url = ear
    with served([spec(tempo=Tempo(finish_s=1, spread=0.1))], time_scale=0.01, held=False) as world:
        async with channel(world) as fulu:
            await fulu.submit(card("A1", callback_url=url))
            assert listening.enough.wait(5)
            assert (await fulu.query("A1", None)).state == "succeeded"
        account = world.accounts["fulu-a"]
        order = account.book.orders()[0]
        assert timedelta(0) < order.ready_at - order.asked_at < timedelta(seconds=0.02)
    assert [sent.accepted for sent in account.outbox.sent] == [False, True]
    assert b'"sign"' in listening.heard[0]


async def test_callbacks_are_lost_repeated_and_forged_as_planned(ear: tuple[Ear, str]) -> None:
    listening, url = ear
    listening.wanted = 4
    wild = Misbehaviour(shares={"forged_callback": 1.0, "repeated_callback": 1.0})
    with served([spec(misbehaviour=wild, push_url=url)], time_scale=0.01, held=False) as world:
        account = world.accounts["fulu-a"]
        wild.plan("lost_callback", "price:10000585@2")
        account.change("10000585", unit_cost=Decimal(9))
        account.change("10000587", unit_cost=Decimal(19))
        assert listening.enough.wait(5)
    assert wild.counts == {"lost_callback": 1, "forged_callback": 1, "repeated_callback": 1}
    assert [(sent.name, sent.tampering) for sent in account.outbox.sent[:2]] == [
        ("price:10000587@2", "bad_signature"),
        ("price:10000587@2", "none"),
    ]


async def test_a_supplier_is_out_in_its_hours_and_lies_about_its_stock() -> None:
    wild = Misbehaviour(outages=((0.0, 3600.0),))
    with served([spec("fulu-a", misbehaviour=wild), spec("fulu-b")]) as world:
        away, liar = world.accounts["fulu-a"], world.accounts["fulu-b"]
        assert away.is_down()
        away.now = lambda: clock.now() + timedelta(seconds=3601)
        assert not away.is_down()
        liar.misbehaviour.plan("stock_lie", "A2")
        async with channel(world, "fulu-b") as fulu:
            assert (await fulu.offers(["10000587"]))[0].stock == 500
            with pytest.raises(SupplierRefusedError, match="3003"):
                await fulu.submit(card("A2"))
            await fulu.submit(card("A3"))
            assert (await fulu.offers(["10000587"]))[0].stock == 499


async def test_codes_are_bad_or_sold_twice_as_planned_and_the_book_knows() -> None:
    with served([spec()]) as world:
        account = world.accounts["fulu-a"]
        async with channel(world) as fulu:
            for number in ("A4", "A5", "A6"):
                await fulu.submit(card(number))
        first, second, third = account.book.orders()
        account.misbehaviour.plan("repeated_code", f"{second.order_ref}/0")
        account.misbehaviour.plan("bad_code", f"{third.order_ref}/0")
        for order in (first, second, third):
            account.finish(order)
        codes = account.book.codes()
    assert [(code.is_bad, code.is_repeat) for code in codes] == [(False, False), (False, True), (True, False)]
    assert codes[0].content == codes[1].content != codes[2].content
    assert account.misbehaviour.counts == {"repeated_code": 1, "bad_code": 1}


async def test_a_days_statement_has_every_charge_and_refund_in_the_suppliers_zone() -> None:
    with served([spec()]) as world:
        account = world.accounts["fulu-a"]
        async with channel(world) as fulu:
            await fulu.submit(card("A7", quantity=2))
            await fulu.submit(card("A8"))
        account.finish(account.book.orders()[1], succeeded=False)
        today = clock.business_date(clock.now(), ZONE)
        told = lines(account.book, today)
        assert [(line.kind, line.request_no, line.amount) for line in told] == [
            ("charge", "A7", Decimal("36.7")),
            ("charge", "A8", Decimal("18.35")),
            ("refund", "A8", Decimal("-18.35")),
        ]
        assert sum(line.amount for line in told) == Decimal(1000) - account.book.balance()
        assert lines(account.book, today - timedelta(days=1)) == []


async def test_accounts_of_one_purse_spend_the_same_money() -> None:
    specs = [spec("fulu-a", purse="one", deposit=Decimal(10)), spec("fulu-b", purse="one", deposit=Decimal(10))]
    with served([*specs, spec("fulu-c", deposit=Decimal(10))]) as world:
        async with channel(world, "fulu-b") as fulu:
            await fulu.submit(card("A9"))
        async with channel(world, "fulu-a") as fulu:
            balance = await fulu.balance()
            assert balance is not None
            assert balance.amount == Decimal("1.65")
            with pytest.raises(SupplierRefusedError, match="3005"):
                await fulu.submit(card("A10"))
        assert world.accounts["fulu-c"].book.balance() == 10


async def test_a_days_statement_goes_out_once_when_the_day_has_ended_if_anything_moved() -> None:
    with served([spec("fulu-a", push_url=NOTICES), spec("fulu-b", push_url=NOTICES)]) as world:
        busy, idle = world.accounts["fulu-a"], world.accounts["fulu-b"]
        async with channel(world) as fulu:
            await fulu.submit(card("A11"))
        today = clock.business_date(clock.now(), ZONE)
        rounds = Rounds(world.accounts.values())
        rounds.look(today)
        assert list(busy.outbox.letters) == []
        rounds.look(today + timedelta(days=1))
        assert list(busy.outbox.letters) == [f"statement:{today}"]
        first = busy.outbox.letters[f"statement:{today}"]
        rounds.look(today + timedelta(days=1))
        assert busy.outbox.letters[f"statement:{today}"] is first
        assert list(idle.outbox.letters) == []
