"""Pages of the desk: orders: found by anything, listed, exported, traced; refunds, deliveries, what is stuck."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
