"""Pages of the desk: staff, their roles and second factor, what they did, first set-up, log-in."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
