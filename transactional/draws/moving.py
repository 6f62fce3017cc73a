"""Having the worker look at a draw again, now or at an instant. What it does then is in `steps`.

Only a job that is to run at once may carry the draw's lock: the queue lets nothing overtake an earlier job of the same
lock, though that one be planned for next month. A wake-up therefore has none, and does nothing but ask for a step.
"""

from datetime import datetime, timedelta

from mingsuan import clock
from transactional.db import WriteSession
from transactional.jobs import defer_one

QUEUE = "draws"
"""Of what cannot wait: a commitment has a deadline of minutes, and no notice or import may hold it up."""
STEP, WAKE, SETTLE, BUNDLE = "draws.step", "draws.wake", "draws.settle", "draws.bundle"
AFTER_OTHERS = -10
"""Priority of what is much and can wait: a draw may end for a hundred thousand people at once."""
SEEN_AFTER = timedelta(seconds=10)
"""By then witnesses have usually seen what was logged just now."""


async def step_at(session: WriteSession, draw_id: int, at: datetime | None = None) -> None:
    """The draw's next step is tried at an instant, or as soon as this transaction is over."""
    args = {"draw_id": draw_id}
    if at is None:
        await defer_one(session, STEP, args, f"{STEP}:{draw_id}", lock=f"draw:{draw_id}", queue=QUEUE)
    else:
        await defer_one(session, WAKE, args, f"{WAKE}:{draw_id}:{at.timestamp():.3f}", at=at, queue=QUEUE)


async def settle_soon(session: WriteSession, draw_id: int) -> None:
    """Stakes that go back are on their way as soon as this transaction is over, after what is more urgent."""
    name = f"{SETTLE}:{draw_id}"
    await defer_one(session, SETTLE, {"draw_id": draw_id}, name, lock=name, priority=AFTER_OTHERS)


async def bundle_at(session: WriteSession, draw_id: int) -> None:
    """The draw's bundle is made anew, soon after what this transaction logs could be seen by witnesses."""
    at = clock.now() + SEEN_AFTER
    await defer_one(session, BUNDLE, {"draw_id": draw_id}, f"{BUNDLE}:{draw_id}", at=at, priority=AFTER_OTHERS)
