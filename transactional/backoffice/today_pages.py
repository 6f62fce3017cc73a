"""The desk's first page: what waits today."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.backoffice import today
from transactional.backoffice.today_wording import matter_texts
from transactional.web.page import Clerk, DeskPage, PageReading

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("")
async def what_waits(page: DeskPage, clerk: Clerk, session: PageReading) -> HTMLResponse:
    return page.show(
        "backoffice/today.html",
        tab="today",
        matters=await today.waiting(session, clock.now(), clerk.may),
        matter_texts=matter_texts(page.translate),
    )
