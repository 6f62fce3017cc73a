"""Pages of the desk: today's figures."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
