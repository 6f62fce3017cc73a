"""Pages of the desk: what a customer owns, and its life at the provider."""

from fastapi import APIRouter

router = APIRouter(prefix="/desk", include_in_schema=False)
