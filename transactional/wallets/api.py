"""JSON API: money in and out of wallets: top-ups and withdrawals, as the compliance profile allows."""

from fastapi import APIRouter

router = APIRouter()
