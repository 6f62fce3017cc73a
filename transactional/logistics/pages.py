"""Pages: a shopper's parcel with what its courier says, and confirming that it came."""

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.db import writing
from transactional.logistics import callback, queries, receiving
from transactional.logistics.wording import state_texts
from transactional.web.page import Buyer, OpenPage, PageReading, go

router = APIRouter(include_in_schema=False)
router.include_router(callback.router)


@router.get("/parcels/{parcel}")
async def parcel_page(page: OpenPage, buyer: Buyer, session: PageReading, parcel: UUID) -> HTMLResponse:
    shown = await queries.detail(session, page.shop.vault, parcel, buyer.id)
    settings = page.shop.settings
    return page.show(
        "logistics/parcel.html",
        section="orders",
        parcel=shown,
        states=state_texts(page.translate),
        days=settings.confirm_signed_days if shown.state == "signed" else settings.confirm_sent_days,
    )


@router.post("/parcels/{parcel}/confirm")
async def confirm(page: OpenPage, buyer: Buyer, parcel: UUID) -> RedirectResponse:
    """Said twice, nothing changes."""
    async with writing(page.shop.engine) as session:
        await receiving.confirm(session, parcel, buyer.id)
    return go(f"/parcels/{parcel}")
