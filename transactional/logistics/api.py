"""JSON API: parcels."""

from fastapi import APIRouter

router = APIRouter()
