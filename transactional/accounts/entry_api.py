"""JSON API: registering by code, logging in, getting back in, log-ins under way."""

from fastapi import APIRouter

router = APIRouter()
