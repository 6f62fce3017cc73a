"""Pages: cases about what was bought."""

from fastapi import APIRouter

router = APIRouter(include_in_schema=False)
