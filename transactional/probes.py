"""What machines ask a shop process: does it live, can it serve, what has it counted."""

from functools import cache
from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from transactional import metrics
from transactional.db import reading
from transactional.edge import ShopHere
from transactional.errors import NotFoundError, NotReadyError
from transactional.gauges import Gauges
from transactional.migrations import newest_revision
from transactional.problems import responses

router = APIRouter(tags=["probes"])
FORWARDED = ("forwarded", "x-forwarded-for", "x-real-ip")
REVISION = text("select version_num from shop.alembic_version")
newest = cache(newest_revision)


class Probe(BaseModel):
    status: str = "ok"


@router.get("/healthz", responses=responses())
async def healthz() -> Probe:
    """The process answers."""
    return Probe()


@router.get("/readyz", responses=responses(NotReadyError))
async def readyz(shop: ShopHere) -> Probe:
    """The database answers too, at the revision that this program was made for; the keys were tried at the start."""
    try:
        async with reading(shop.engine) as session:
            revision = await session.scalar(REVISION)
    except (SQLAlchemyError, OSError):
        raise NotReadyError from None
    if revision != newest():
        raise NotReadyError
    return Probe()


@router.get("/metrics", include_in_schema=False)
async def show_metrics(request: Request, shop: ShopHere) -> Response:
    """For Prometheus, on this machine or where the setting allows more; elsewhere there is nothing here."""
    if not (shop.settings.metrics_open or is_near(request)):
        raise NotFoundError
    gauges: Gauges | None = getattr(request.app.state, "gauges", None)
    if gauges is None:
        gauges = request.app.state.gauges = Gauges(shop.engine)
    return Response(metrics.exposition() + await gauges.exposition(), media_type=metrics.CONTENT_TYPE)


def is_near(request: Request) -> bool:
    """From this machine itself, not from others through a proxy that runs here."""
    if request.client is None or any(name in request.headers for name in FORWARDED):
        return False
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
