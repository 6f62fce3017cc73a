"""Pages of the desk: many parcels at once, from a file or pasted, looked at before anything is recorded."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, File, Form, UploadFile
from fastapi.responses import HTMLResponse, Response

from transactional.backoffice.forms import sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.db import WriteSession
from transactional.errors import InvalidInputError, ShopError
from transactional.logistics import dispatching, parcel_file
from transactional.logistics.dispatching import Sending
from transactional.logistics.parcel_file import ParcelRow
from transactional.logistics.wording import fault_texts
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

MOST_BYTES = 400_000
router = APIRouter(prefix="/parcels/import", include_in_schema=False)
Content = Annotated[str, Form(max_length=MOST_BYTES)]


@router.get("")
async def import_form(page: DeskPage, done: int = 0) -> HTMLResponse:
    return _shown(page, done=done)


@router.post("/preview")
async def preview(
    page: DeskPage, session: PageReading, content: Content = "", file: Annotated[UploadFile | None, File()] = None
) -> HTMLResponse:
    """A file goes before what was pasted."""
    try:
        text = await _text(file) if file is not None and file.filename else content
        rows = await parcel_file.examined(session, parcel_file.rows_of(text))
    except ShopError as refusal:
        return _shown(page, content=content, refusal=refusal)
    return _shown(page, content=text, rows=rows)


@router.post("")
async def record(page: DeskPage, clerk: Clerk, session: PageReading, key: FormKey, content: Content) -> Response:
    """All rows, or none: what became wrong since the preview is shown again."""

    async def work(session: WriteSession) -> Done:
        rows = await parcel_file.examined(session, parcel_file.rows_of(content))
        if any(row.fault for row in rows):
            raise InvalidInputError
        for row in sorted(rows, key=lambda row: row.order_no):
            sending = Sending(row.order_no, row.courier, row.tracking_no)
            await dispatching.dispatch(session, page.shop.vault, sending, clerk.id, page.shop.zone)
        return Done(said="recorded", count=len(rows))

    try:
        done = await do_once(page, clerk, key, f"parcels {content}", Done, work)
    except ShopError as refusal:
        rows = await parcel_file.examined(session, parcel_file.rows_of(content))
        return _shown(page, content=content, rows=rows, refusal=refusal)
    return go(f"/desk/parcels/import?done={done.count}")


async def _text(file: UploadFile) -> str:
    """UTF-8, or the Chinese encoding of older spreadsheets. Raises InvalidInputError for what is neither."""
    raw = await file.read(MOST_BYTES + 1)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            if len(raw) <= MOST_BYTES and b"\0" not in raw:
                return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInputError


def _shown(
    page: Page,
    *,
    content: str = "",
    rows: list[ParcelRow] | None = None,
    done: int = 0,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    return page.show(
        "logistics/import.html",
        status=refusal.status if refusal else 200,
        tab="parcels",
        content=content,
        rows=rows or [],
        bad=sum(1 for row in rows or [] if row.fault),
        known=sum(1 for row in rows or [] if row.is_known),
        faults=fault_texts(page.translate),
        fault=sentence_of(refusal, page.language) if refusal else "",
        done=done,
        key=uuid4().hex,
    )
