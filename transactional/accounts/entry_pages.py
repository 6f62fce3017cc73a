"""Pages: registering, logging in, getting back in."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
