"""Pages: the personal centre."""

from fastapi import APIRouter

from transactional.accounts.persons import address_pages, contact_pages, data_pages, identity_pages

router = APIRouter(include_in_schema=False)
router.include_router(address_pages.router)
router.include_router(contact_pages.router)
router.include_router(data_pages.router)
router.include_router(identity_pages.router)
