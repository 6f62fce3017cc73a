"""Pages: what a customer owns, and its life at the provider."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
