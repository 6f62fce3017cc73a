"""JSON API: staff: who they are, their roles and second factor, what they did."""

from fastapi import APIRouter

router = APIRouter()
