"""Pages of the desk: cases about what was bought."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
