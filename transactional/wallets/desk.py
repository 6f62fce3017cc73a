"""Pages of the desk: money in and out of wallets: top-ups and withdrawals, as the compliance profile allows."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
