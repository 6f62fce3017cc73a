"""JSON API: addresses, identity, consents, what is kept of a person."""

from fastapi import APIRouter

router = APIRouter()
