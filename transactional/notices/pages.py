"""Pages: what the shop told a customer, what the customer wants to be sent, and who waits for goods."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from transactional.db import writing
from transactional.notices import inbox, restock, texts
from transactional.notices.links import INBOX, PREFERENCES
from transactional.notices.rules import ALWAYS_ON, CHANNELS, TOPICS
from transactional.notices.wording import channel_texts, topic_texts
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go

router = APIRouter(include_in_schema=False)


@router.get(INBOX)
async def notices(
    page: OpenPage, buyer: Buyer, session: PageReading, number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1
) -> HTMLResponse:
    shown = await inbox.of(session, buyer.id, number=number)
    return page.show(
        "notices/inbox.html", section="account", inbox=shown, said=partial(_said, page), page=number, more=shown.more
    )


@router.post(f"{INBOX}/read")
async def read(page: OpenPage, buyer: Buyer) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await inbox.read_all(session, buyer.id)
    return go(INBOX)


@router.get(PREFERENCES)
async def preferences(page: OpenPage, buyer: Buyer, session: PageReading, saved: str = "") -> HTMLResponse:
    return page.show(
        "notices/preferences.html",
        section="account",
        chosen=await inbox.preferences(session, buyer.id),
        topics=topic_texts(page.translate),
        channels=channel_texts(page.translate),
        always_on=ALWAYS_ON,
        saved=saved == "yes",
    )


@router.post(PREFERENCES)
async def choose(page: OpenPage, buyer: Buyer, on: Annotated[list[str] | None, Form()] = None) -> RedirectResponse:
    """`on` names what is ticked, as topic:channel; everything else is off."""
    ticked = set(on or ())
    wanted = {(topic, channel): f"{topic}:{channel}" in ticked for topic in TOPICS for channel in CHANNELS}
    async with writing(page.shop.engine) as session:
        await inbox.switch(session, buyer.id, wanted)
    return go(f"{PREFERENCES}?saved=yes")


@router.post("/products/{slug}/watch")
async def watch(page: OpenPage, buyer: Buyer, slug: str, sku: Annotated[UUID, Form()]) -> RedirectResponse:
    """`sku` is the SKU that is sold out."""
    async with writing(page.shop.engine) as session:
        await restock.watch(session, buyer.id, slug, sku)
    return go(f"/products/{slug}")


def _said(page: Page, told: inbox.Told) -> texts.Said:
    return texts.said(told.kind, told.subject, told.values, page.language, page.shop.currency)
