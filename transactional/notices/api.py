"""JSON API: what the shop told a customer."""

from typing import Annotated

from fastapi import APIRouter, Query

from transactional.edge import AsCustomer, Language, Reading, ShopHere, Writing
from transactional.errors import NotLoggedInError
from transactional.notices import inbox, texts
from transactional.notices.schemas import NoticeFact, NoticeList, NoticeView, Unread
from transactional.problems import responses

router = APIRouter(tags=["notices"])


@router.get("/notices", responses=responses(NotLoggedInError))
async def notices(
    buyer: AsCustomer,
    shop: ShopHere,
    session: Reading,
    language: Language,
    page: Annotated[int, Query(ge=1, le=10_000)] = 1,
) -> NoticeList:
    """The customer's notices, newest first, 20 a page, in the language of the request."""
    found = await inbox.of(session, buyer.id, number=page)
    shown = tuple(_view(told, language, shop.currency) for told in found.notices)
    return NoticeList(notices=shown, unread=found.unread)


@router.post("/notices/read", responses=responses(NotLoggedInError))
async def read_notices(buyer: AsCustomer, session: Writing) -> Unread:
    """All notices that there are by now have been read; again, nothing changes."""
    await inbox.read_all(session, buyer.id)
    return Unread(unread=await inbox.unread(session, buyer.id))


def _view(told: inbox.Told, language: str, currency: str) -> NoticeView:
    said = texts.said(told.kind, told.subject, told.values, language, currency)
    return NoticeView(
        id=told.public_id,
        kind=told.kind,
        title=said.title,
        text=said.text,
        facts=tuple(NoticeFact(label=label, value=value) for label, value in said.facts),
        link=said.link,
        told_at=told.told_at,
        is_read=told.is_read,
    )
