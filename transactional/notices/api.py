"""JSON API: telling customers what happened."""

from fastapi import APIRouter

router = APIRouter()
