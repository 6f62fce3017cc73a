"""Pages: requests for invoices (发票)."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
