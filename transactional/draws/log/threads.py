"""Work in a thread that belongs to a run of the sequencer: no lock is given up before it has ended."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")


async def finished(work: Callable[Given, Result], *args: Given.args, **named: Given.kwargs) -> Result:
    """What the work gives. Whoever is cancelled meanwhile waits until it is done: a thread cannot be stopped."""
    under_way = asyncio.ensure_future(asyncio.to_thread(work, *args, **named))
    try:
        return await asyncio.shield(under_way)
    except asyncio.CancelledError:
        while not under_way.done():  # cancelled again while it waits, it waits on
            try:
                await asyncio.wait((under_way,))
            except asyncio.CancelledError:
                continue
        raise
