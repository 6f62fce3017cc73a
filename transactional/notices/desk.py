"""Pages of the desk: telling customers what happened."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
