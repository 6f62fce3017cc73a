"""Where the worker answers machines: /healthz says that its loop and the database live, /metrics what it did."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from mingsuan.settings import Settings
from transactional import metrics
from transactional.db import reading
from transactional.probes import is_near


@contextlib.asynccontextmanager
async def answering(settings: Settings, engine: AsyncEngine) -> AsyncIterator[None]:
    """Answers on the worker's port while the block runs, in the loop that runs the jobs. Raises OSError if taken."""
    pages = probes(engine, settings.metrics_open)
    config = uvicorn.Config(
        pages, settings.host, settings.worker_port, log_config=None, access_log=False, lifespan="off"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            serving.result()
        await asyncio.sleep(0.01)
    try:
        yield
    finally:
        server.should_exit = True
        await serving


class _Server(uvicorn.Server):
    """Leaves the process's signals to the worker, and a taken port to its caller."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:
            address = f"{self.config.host}:{self.config.port}"
            raise OSError(f"{address} is taken: choose another port with MINGSUAN_WORKER_PORT") from None


def probes(engine: AsyncEngine, metrics_open: bool) -> Starlette:
    """The two pages."""

    async def healthz(_request: Request) -> Response:
        try:
            async with reading(engine) as session:
                await session.execute(text("select"))
        except (SQLAlchemyError, OSError):
            return JSONResponse({"status": "the database does not answer"}, 503)
        return JSONResponse({"status": "ok"})

    async def show_metrics(request: Request) -> Response:
        if not (metrics_open or is_near(request)):
            return Response(status_code=404)
        return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)

    return Starlette(routes=[Route("/healthz", healthz), Route("/metrics", show_metrics)])
