"""JSON API: what a person keeps with the shop."""

from fastapi import APIRouter

from transactional.accounts import address_api

router = APIRouter()
router.include_router(address_api.router)
