"""Pages: the personal centre."""

from fastapi import APIRouter

from transactional.accounts import address_pages

router = APIRouter(include_in_schema=False)
router.include_router(address_pages.router)
