"""Pages of the desk: requests for invoices (发票)."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
