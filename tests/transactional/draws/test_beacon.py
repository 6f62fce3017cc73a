"""Rounds over relays that lie, lag, fork and die; over real sockets, against the simulated beacon."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest
import uvicorn

from mingsuan import clock
from mingsuan.settings import Settings
from simulation.beacon import Fault, Relay, create_app, signature
from transactional.draws.beacon import Beacon, BeaconSilentError, beacons
from transactional.draws.chains import QUICKNET, TEST

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@contextlib.asynccontextmanager
async def relayed(*relays: Relay, patience_s: float = 2.0) -> AsyncIterator[Beacon]:
    """A beacon over simulated relays, each on a port of its own."""
    async with contextlib.AsyncExitStack() as running:
        urls = [await running.enter_async_context(_served(relay)) for relay in relays]
        beacon = Beacon(TEST, urls, patience_s)
        running.push_async_callback(beacon.aclose)
        yield beacon


@contextlib.asynccontextmanager
async def _served(relay: Relay) -> AsyncIterator[str]:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(create_app(relay), log_level="error", lifespan="off", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        task = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.005)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await task


def present() -> int:
    return TEST.pace.round_at(int(clock.now().timestamp()))


async def test_a_round_that_its_chain_signed_is_believed() -> None:
    async with relayed(Relay()) as beacon:
        told = await beacon.round(1000)
    assert (told.number, told.signature) == (1000, signature(1000))


@pytest.mark.parametrize("fault", ["lies", "other_round", "forks", "malleates", "dies", "garbage", "floods"])
async def test_a_relay_that_does_not_tell_the_round_is_passed_over(fault: Fault) -> None:
    bad = Relay(fault)
    async with relayed(bad) as beacon:
        with pytest.raises(BeaconSilentError):
            await beacon.round(1000)
    async with relayed(bad, Relay()) as beacon:
        assert (await beacon.round(1000)).signature == signature(1000)
    assert bad.asked >= 1


async def test_a_relay_that_hangs_is_not_waited_for_when_another_answers() -> None:
    began = asyncio.get_running_loop().time()
    async with relayed(Relay("slow"), Relay(), patience_s=20.0) as beacon:
        await beacon.round(1000)
    assert asyncio.get_running_loop().time() - began < 5


async def test_one_that_hangs_alone_ends_with_our_patience() -> None:
    async with relayed(Relay("slow"), patience_s=0.2) as beacon:
        with pytest.raises(BeaconSilentError):
            await beacon.round(1000)


async def test_a_relay_that_lags_does_not_make_the_newest_round_older() -> None:
    before = present()
    async with relayed(Relay("lags"), Relay()) as beacon:
        assert (await beacon.latest()).number >= before
    async with relayed(Relay("lags", lag=50)) as beacon:
        assert before - 50 <= (await beacon.latest()).number <= present() - 49


async def test_a_round_from_the_future_is_not_the_newest() -> None:
    async with relayed(Relay("future")) as beacon:
        with pytest.raises(BeaconSilentError, match="not due"):
            await beacon.latest()
        with pytest.raises(BeaconSilentError, match="not due"):
            await beacon.round(present() + 600)


@pytest.mark.parametrize("relays", [[], ["http://127.0.0.1:1"], ["no address"], ["http://[", "ftp://127.0.0.1"]])
async def test_where_no_relay_can_be_reached_there_is_silence(relays: list[str]) -> None:
    beacon = Beacon(TEST, relays)
    with pytest.raises(BeaconSilentError):
        await beacon.latest()
    with pytest.raises(BeaconSilentError):
        await beacon.round(1000)
    await beacon.aclose()


def test_a_draw_keeps_its_chain_and_the_settings_relays_are_those_of_theirs() -> None:
    usual = beacons(Settings())
    assert set(usual) == {TEST.hash, QUICKNET.hash}
    assert usual[TEST.hash].relays == ("http://127.0.0.1:8092",)
    assert len(usual[QUICKNET.hash].relays) >= 3
    own = beacons(Settings(draw_chain="quicknet", draw_relays="https://a.example/, https://b.example"))
    assert own[QUICKNET.hash].relays == ("https://a.example", "https://b.example")
    assert own[TEST.hash].relays == usual[TEST.hash].relays
