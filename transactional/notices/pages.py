"""Pages: telling customers what happened."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
