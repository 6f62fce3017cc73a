"""JSON API: what a person keeps with the shop."""

from fastapi import APIRouter

from transactional.accounts.persons import address_api, identity_api

router = APIRouter()
router.include_router(address_api.router)
router.include_router(identity_api.router)
