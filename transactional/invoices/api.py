"""JSON API: requests for invoices (发票)."""

from fastapi import APIRouter

router = APIRouter()
