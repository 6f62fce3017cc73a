"""JSON API: what a customer owns, and its life at the provider."""

from fastapi import APIRouter

router = APIRouter()
