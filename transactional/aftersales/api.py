"""JSON API: cases about what was bought."""

from fastapi import APIRouter

router = APIRouter()
