"""Waiting for a password to be checked: who goes first, who has to go, and that nobody waits for ever."""

import asyncio

import pytest

from transactional.accounts.entry.errors import CrowdedError
from transactional.accounts.entry.queue import PLACES_EACH, EntryQueue
from transactional.accounts.entry.rules import device_name, rank

pytestmark = pytest.mark.anyio


class Scene:
    """One turn at a time, taken by somebody until `go` is called; then everybody's order is known."""

    def __init__(self, **options: float) -> None:
        self.queue = EntryQueue(at_once=1, **options)  # type: ignore[arg-type]
        self.order: list[str] = []
        self._end = asyncio.Event()
        self._first = asyncio.create_task(self._hold())
        self.tasks: list[asyncio.Task[None]] = []

    async def _hold(self) -> None:
        async with self.queue.turn(0, "first"), self.queue.turn(2, "first stranger"):
            await self._end.wait()

    async def come(self, name: str, rank: int, whose: str = "") -> asyncio.Task[None]:
        async def waits() -> None:
            async with self.queue.turn(rank, whose or name):
                self.order.append(name)

        await asyncio.sleep(0)
        self.tasks.append(asyncio.create_task(waits()))
        await asyncio.sleep(0)
        return self.tasks[-1]

    async def go(self) -> list[BaseException | None]:
        self._end.set()
        return await asyncio.gather(*self.tasks, return_exceptions=True)


async def test_known_devices_go_first_then_quiet_addresses_and_equals_in_turn() -> None:
    scene = Scene()
    for name, place in (("noisy", 9), ("quiet", 2), ("known", 0), ("quiet too", 2), ("good", 1)):
        await scene.come(name, place)
    assert await scene.go() == [None] * 5
    assert scene.order == ["known", "good", "quiet", "quiet too", "noisy"]


async def test_when_it_is_full_the_noisiest_has_to_go() -> None:
    scene = Scene(places=2)
    for name, place in (("a", 2), ("b", 7), ("c", 3), ("d", 9)):
        await scene.come(name, place)
    outcomes = await scene.go()
    assert [type(outcome) for outcome in outcomes] == [type(None), CrowdedError, type(None), CrowdedError]
    assert scene.order == ["a", "c"]
    assert isinstance(outcomes[1], CrowdedError)
    assert 1 <= outcomes[1].values["retry_after_seconds"] <= 60  # type: ignore[operator]


async def test_one_place_cannot_fill_the_queue() -> None:
    scene = Scene()
    for number in range(PLACES_EACH + 1):
        await scene.come(f"{number}", 1, whose="the same")
    await scene.come("other", 5)
    outcomes = await scene.go()
    assert [type(outcome) for outcome in outcomes].count(CrowdedError) == 1
    assert scene.order[-1] == "other"


async def test_a_stranger_waits_no_longer_than_was_said_and_the_queue_goes_on() -> None:
    scene = Scene(patience_s=0.01)
    good = await scene.come("good", 1)
    impatient = await scene.come("impatient", 2)
    with pytest.raises(CrowdedError):
        await impatient
    assert scene.queue.waiting == 1
    await scene.go()
    await good
    async with scene.queue.turn(2, "later"):
        pass


async def test_known_devices_have_a_turn_of_their_own_and_leave_everybodys_to_everybody() -> None:
    queue, order = EntryQueue(at_once=1, patience_s=0.01), []
    async with queue.turn(9, "stranger"):
        async with queue.turn(0, "known"):
            order.append("known")
            with pytest.raises(CrowdedError):
                await queue.turn(9, "another stranger").__aenter__()
        with pytest.raises(CrowdedError):
            await queue.turn(9, "a stranger still").__aenter__()
    async with queue.turn(0, "known"), queue.turn(9, "stranger"):
        order.append("both")
    assert order == ["known", "both"]


async def test_who_goes_away_leaves_no_turn_behind() -> None:
    scene = Scene()
    gone, stays = await scene.come("gone", 1), await scene.come("stays", 2)
    gone.cancel()
    await scene.go()
    await stays
    assert scene.order == ["stays"]
    async with scene.queue.turn(1, "later"):
        assert scene.queue.waiting == 0


async def test_a_turn_that_ends_as_somebody_gives_up_waiting_is_not_lost() -> None:
    queue = EntryQueue(at_once=1)

    async def waits(name: str) -> str:
        async with queue.turn(2, name):
            return name

    async with queue.turn(2, "first"):
        gone, stays = asyncio.create_task(waits("gone")), asyncio.create_task(waits("stays"))
        await asyncio.sleep(0)
        gone.cancel()
    async with asyncio.timeout(5):
        assert await stays == "stays"
        assert await waits("later") == "later"


def test_known_devices_are_before_all_and_good_addresses_before_unknown_ones() -> None:
    assert rank(50, is_known_device=True, is_good_address=False) == 0
    ranks = [
        rank(used, is_known_device=False, is_good_address=good)
        for used, good in ((1, True), (12, True), (1, False), (5, False), (13, True))
    ]
    assert ranks == [1, 1, 2, 6, 14]


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari · iPhone"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/130.0 Safari/537.36 MicroMessenger/8.0", "WeChat · Android"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/130.0 Safari/537.36 Edg/130.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox · Mac"),
        ("curl/8.5", ""),
    ],
)  # fmt: skip
def test_a_browser_is_called_by_its_family_and_system(user_agent: str, name: str) -> None:
    assert device_name(user_agent) == name
