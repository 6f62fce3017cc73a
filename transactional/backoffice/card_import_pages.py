"""The desk's pages for taking stock in: a file of codes, looked over first and then taken whole; or counted units.

What may be wrong with a file is the card pool's to say; a file is never kept between the look and the import.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import HTMLResponse, Response

from transactional.backoffice import card_list
from transactional.backoffice.errors import NotThatFileError
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.once_at_desk import FormKey, do_once
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.cards.card_import import add_stock_units, import_batch, preview_batch
from transactional.cards.examination import BatchFile, RefusedBatchError, end_of
from transactional.cards.schemas import BatchPreview, CardBatchView, NewStockUnits
from transactional.db import WriteSession, reading
from transactional.errors import ShopError, TooLargeError
from transactional.web.page import Clerk, DeskPage, Page, go

LARGEST_FILE_MIB = 16
MOST_UNITS = 100_000
PLACE = re.compile(r"row (?P<row>\d+), column (?P<column>\w+)")

router = APIRouter(prefix="/desk/cards", include_in_schema=False, dependencies=[Depends(may("import_cards"))])


@dataclass(frozen=True, slots=True)
class Terms:
    """What is said about a batch beside its file, as it was typed."""

    sku: Annotated[str, Form(max_length=200)] = ""
    cost: Annotated[str, Form(max_length=40)] = ""
    supplier: Annotated[str, Form(max_length=200)] = ""
    expires: Annotated[str, Form(max_length=10)] = ""
    count: Annotated[str, Form(max_length=10)] = ""

    def typed(self) -> Faults:
        """Field by field, for showing it again."""
        names = ("sku", "cost", "supplier", "expires", "count")
        return Faults({name: getattr(self, name) for name in names})


@dataclass(frozen=True, slots=True)
class Read:
    """The same, understood."""

    sku: str
    cost_fen: int | None
    supplier: str
    ends: datetime | None


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where a refused file has to be mended, and why; row and column are empty when the file as a whole is meant."""

    row: str
    column: str
    reason: str


@dataclass(frozen=True, slots=True)
class Look:
    """What looking a file over found: the preview, or why there is none. `seen` names file and terms together."""

    file_name: str = ""
    seen: str = ""
    preview: BatchPreview | None = None
    problems: tuple[BadCell, ...] = ()
    fault: str = ""


AsTyped = Annotated[Terms, Depends()]
Upload = Annotated[UploadFile | None, File()]


@router.get("/import")
async def import_form(page: DeskPage, sku: str = "") -> HTMLResponse:
    return await _form(page, Terms(sku=sku[:200]))


@router.post("/import/check")
async def check(page: DeskPage, terms: AsTyped, file: Upload = None) -> HTMLResponse:
    """What an import would do, or each cell that keeps the file out; nothing is written."""
    try:
        batch, read = await _file(page, file), _read(page, terms)
    except RefusedForm as refused:
        return await _form(page, terms, refused.faults)
    return await _form(page, terms, look=await _look(page, batch, read))


@router.post("/import")
async def import_cards(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    terms: AsTyped,
    file: Upload = None,
    seen: Annotated[str, Form(max_length=64)] = "",
) -> Response:
    """Takes the file that was looked over, whole and once; another one, or other terms, are looked over first."""
    try:
        batch, read = await _file(page, file), _read(page, terms)
    except RefusedForm as refused:
        return await _form(page, terms, refused.faults)
    if _name_of(batch, read) != seen:
        refusal = NotThatFileError().sentence(page.language)
        return await _form(page, terms, look=await _look(page, batch, read), fault=refusal)

    async def work(session: WriteSession) -> CardBatchView:
        about = (read.sku, read.cost_fen, read.supplier, page.shop.zone, clerk.id, read.ends)
        return await import_batch(session, page.shop.vault, batch, *about)

    try:
        taken = await do_once(page, clerk, key, f"import {seen}", CardBatchView, work)
    except ShopError as refusal:
        return await _form(page, terms, look=_refused(page, batch, refusal))
    return go(f"/desk/cards/{taken.id}?done=imported&n={taken.card_count}")


@router.get("/units")
async def units_form(page: DeskPage, sku: str = "") -> HTMLResponse:
    return await _form(page, Terms(sku=sku[:200]), template="backoffice/cards_units.html")


@router.post("/units")
async def add_units(page: DeskPage, clerk: Clerk, key: FormKey, terms: AsTyped) -> Response:
    """Units of a physical good, counted by hand."""
    template = "backoffice/cards_units.html"
    try:
        read, count = _read(page, terms), _count(page, terms.count)
    except RefusedForm as refused:
        return await _form(page, terms, refused.faults, template=template)
    new = NewStockUnits(sku_code=read.sku, count=count, total_cost_fen=read.cost_fen, supplier_name=read.supplier)

    async def work(session: WriteSession) -> CardBatchView:
        return await add_stock_units(session, new, page.shop.zone, clerk.id, read.ends)

    try:
        asked = f"units {new.model_dump_json()} {read.ends}"
        taken = await do_once(page, clerk, key, asked, CardBatchView, work)
    except ShopError as refusal:
        return await _form(page, terms, fault=sentence_of(refusal, page.language), template=template)
    return go(f"/desk/cards/{taken.id}?done=imported&n={taken.card_count}")


def bad_cells(problems: Iterable[tuple[str, str]]) -> tuple[BadCell, ...]:
    """One a (place, sentence), in the order of the file."""
    cells = []
    for place, sentence in problems:
        found = PLACE.fullmatch(place)
        cells.append(BadCell(found["row"] if found else "", found["column"] if found else "", sentence))
    return tuple(cells)


async def _file(page: Page, file: UploadFile | None) -> BatchFile:
    """Raises RefusedForm, TooLargeError."""
    if file is None or not file.filename:
        raise RefusedForm(Faults({"file": page.translate("Choose a file.")}))
    content = await file.read(LARGEST_FILE_MIB * 2**20 + 1)
    if len(content) > LARGEST_FILE_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_FILE_MIB)
    return BatchFile(file.filename, content)


def _read(page: Page, terms: Terms) -> Read:
    """Raises RefusedForm."""
    _ = page.translate
    if not terms.sku:
        raise RefusedForm(Faults({"sku": _("Choose a SKU.")}))
    cost = amount_fen("cost", terms.cost, page.shop.currency, _) if terms.cost.strip() else None
    try:
        ends = end_of(date.fromisoformat(terms.expires), page.shop.zone) if terms.expires else None
    except ValueError:
        raise RefusedForm(Faults({"expires": _("Not a day")})) from None
    return Read(terms.sku, cost, terms.supplier.strip(), ends)


def _count(page: Page, typed: str) -> int:
    """Raises RefusedForm."""
    number = typed.replace(",", "").strip()
    if not (number.isascii() and number.isdigit() and 0 < int(number) <= MOST_UNITS):
        raise RefusedForm(Faults({"count": page.translate("Must be a whole number")}))
    return int(number)


def _name_of(batch: BatchFile, read: Read) -> str:
    """Names a file together with what was said about it, so that only what was looked over is taken."""
    return hashlib.sha256(f"{batch.sha256.hex()} {read!r}".encode()).hexdigest()


async def _look(page: Page, batch: BatchFile, read: Read) -> Look:
    try:
        async with reading(page.shop.engine) as session:
            about = (read.sku, read.cost_fen, page.shop.zone, read.ends, page.language)
            found = await preview_batch(session, page.shop.vault, batch, *about)
    except ShopError as refusal:
        return _refused(page, batch, refusal)
    cells = bad_cells((each.place, each.reason) for each in found.problems)
    return Look(batch.name, "" if cells else _name_of(batch, read), found, cells)


def _refused(page: Page, batch: BatchFile, refusal: ShopError) -> Look:
    if not isinstance(refusal, RefusedBatchError):
        return Look(batch.name, fault=sentence_of(refusal, page.language))
    cells = bad_cells((each.place, each.sentence(page.language)) for each in refusal.problems)
    return Look(batch.name, problems=cells, fault=refusal.sentence(page.language))


async def _form(
    page: Page,
    terms: Terms,
    faults: Faults | None = None,
    *,
    look: Look | None = None,
    fault: str = "",
    template: str = "backoffice/cards_import.html",
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        skus, suppliers = await card_list.skus(session), await card_list.suppliers(session)
    return page.show(
        "backoffice/_cards_look.html" if page.is_fragment else template,
        status=422 if faults or fault or (look and look.fault) else 200,
        tab="cards",
        skus=skus,
        suppliers=suppliers,
        form=terms.typed(),
        faults=faults or Faults(),
        fault=fault or "".join((faults or {}).values() if page.is_fragment else ()),
        look=look,
        is_fragment=page.is_fragment,
        amount_hint=amount_hint(page.shop.currency, page.translate),
        key=uuid4().hex,
        back="/desk/cards/import",
    )
