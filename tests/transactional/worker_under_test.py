"""Tasks for the worker's tests, and a worker that runs them as a process of its own."""

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path

import procrastinate

from transactional import worker
from transactional.shop import Shop

FOLDER = Path()


def register(app: procrastinate.App, _shop: Callable[[], Shop]) -> None:
    @app.task(name="test.touch", queue="shop")
    async def touch(row_id: int) -> None:
        (FOLDER / str(row_id)).touch()

    @app.task(name="test.slow_at_first", queue="shop", lock="one")
    async def slow_at_first(row_id: int) -> None:
        begun = FOLDER / f"begun-{row_id}"
        if not begun.exists():
            begun.touch()
            await asyncio.sleep(600)


async def _serve(url: str) -> None:
    this = sys.modules[__name__]
    worker.slices = lambda: (this,)
    async with worker.working(worker.worker_app(url, _no_shop)):
        await asyncio.sleep(600)


def _no_shop() -> Shop:
    raise AssertionError


if __name__ == "__main__":
    FOLDER = Path(sys.argv[2])
    asyncio.run(_serve(sys.argv[1]))
