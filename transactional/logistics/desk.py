"""Pages of the desk: parcels."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
