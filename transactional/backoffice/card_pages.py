"""The desk's page for card codes: import a file, or be told of every row that keeps it out."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, UploadFile
from fastapi.responses import HTMLResponse

from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, sentence_of
from transactional.backoffice.roles import may
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile, RefusedBatchError
from transactional.cards.schemas import CardBatchView
from transactional.catalogue import service as catalogue
from transactional.catalogue.schemas import SkuView
from transactional.db import ReadSession, reading, writing
from transactional.errors import FieldProblem, ShopError, TooLargeError
from transactional.web.page import Clerk, DeskPage, Page

PRODUCTS_SHOWN = 500
LARGEST_FILE_MIB = 16
PLACE = re.compile(r"row (?P<row>\d+), column (?P<column>\w+)")

router = APIRouter(prefix="/desk/cards", include_in_schema=False, dependencies=[Depends(may("import_cards"))])
Typed = Annotated[str, Form(max_length=200)]


@dataclass(frozen=True, slots=True)
class BadCell:
    """Where a refused file has to be mended, and why; row and column are empty when the file as a whole is meant."""

    row: str
    column: str
    reason: str


@router.get("")
async def cards(page: DeskPage) -> HTMLResponse:
    return await _cards(page, {})


@router.post("")
async def import_cards(
    page: DeskPage, clerk: Clerk, file: UploadFile, sku: Typed, cost: Typed = "", supplier: Typed = ""
) -> HTMLResponse:
    form = {"sku": sku, "cost": cost, "supplier": supplier}
    try:
        batch = await _import(page, clerk.id, file, form)
    except RefusedForm as refused:
        return await _cards(page, form, faults=refused.faults)
    except RefusedBatchError as refused_batch:
        fault = refused_batch.sentence(page.language)
        return await _cards(page, form, fault=fault, problems=bad_cells(refused_batch.problems, page.language))
    except ShopError as refusal:
        return await _cards(page, form, fault=sentence_of(refusal, page.language))
    return await _cards(page, {}, imported=batch)


async def _import(page: Page, staff_id: int, file: UploadFile, form: Mapping[str, str]) -> CardBatchView:
    currency = page.shop.currency
    cost_fen = amount_fen("cost", form["cost"], currency, page.translate) if form["cost"].strip() else None
    content = await file.read(LARGEST_FILE_MIB * 2**20 + 1)
    if len(content) > LARGEST_FILE_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_FILE_MIB)
    batch = BatchFile(file.filename or "", content)
    async with writing(page.shop.engine) as session:
        return await import_batch(
            session, page.shop.vault, batch, form["sku"], cost_fen, form["supplier"], page.shop.zone, staff_id
        )


def bad_cells(problems: Iterable[FieldProblem], language: str) -> list[BadCell]:
    """One a problem, in the order of the file."""
    cells = []
    for problem in problems:
        place = PLACE.fullmatch(problem.place)
        row, column = place.group("row", "column") if place else ("", "")
        cells.append(BadCell(row, column, problem.sentence(language)))
    return cells


async def _cards(
    page: Page,
    form: Mapping[str, str],
    *,
    faults: Faults | None = None,
    fault: str = "",
    problems: Iterable[BadCell] = (),
    imported: CardBatchView | None = None,
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        skus = await _skus(session)
    return page.show(
        "backoffice/cards.html",
        status=422 if faults or fault else 200,
        tab="cards",
        skus=skus,
        form=Faults(form),
        faults=faults or Faults(),
        fault=fault,
        problems=list(problems),
        imported=imported,
    )


async def _skus(session: ReadSession) -> list[SkuView]:
    """Every SKU of every product, on sale or not."""
    found = await catalogue.products_for_staff(session, limit=PRODUCTS_SHOWN)
    return [sku for card in found.items for sku in (await catalogue.product_for_staff(session, card.slug)).skus]
