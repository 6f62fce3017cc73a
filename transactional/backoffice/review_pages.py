"""Pages of the desk: what waits for a person: cases, receipts."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
