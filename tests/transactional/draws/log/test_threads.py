"""A run that is stopped ends only when its threads have: another sequencer may begin at once."""

import asyncio
import threading

import pytest

from transactional.draws.log.threads import finished

pytestmark = pytest.mark.anyio


async def test_whoever_is_cancelled_again_and_again_waits_for_the_threads_end() -> None:
    begun, may_end, ended = threading.Event(), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        may_end.wait(10)
        ended.set()

    task = asyncio.create_task(finished(work))
    await asyncio.to_thread(begun.wait, 10)
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0.01)
    assert not task.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended.is_set()


async def test_what_the_work_gives_or_raises_is_passed_on() -> None:
    assert await finished(int, "12", base=16) == 18
    with pytest.raises(ValueError, match="invalid literal"):
        await finished(int, "x")
