"""The desk's pages for stock: batches of codes and units, what became of each, and what can be done with one.

Taking stock in is in `card_import_pages`, the acts themselves in `card_acts`.
"""

from datetime import date
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.backoffice import card_list
from transactional.backoffice.act_wording import act_texts
from transactional.backoffice.card_list import CONDITIONS, BatchFilter
from transactional.backoffice.card_wording import batch_state_texts, done_texts
from transactional.backoffice.forms import Faults
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.cards import batch_costs
from transactional.db import reading
from transactional.errors import NotFoundError
from transactional.web.page import DeskPage, Page, PageReading

router = APIRouter(prefix="/desk/cards", include_in_schema=False, dependencies=[Depends(may("see_cards"))])
Asked = Annotated[str, Query(max_length=200)]


@router.get("")
async def batches(
    page: DeskPage,
    session: PageReading,
    sku: Asked = "",
    supplier: Asked = "",
    state: Asked = "",
    since: Asked = "",
    until: Asked = "",
    before: Annotated[UUID | None, Query()] = None,
) -> HTMLResponse:
    asked = {"sku": sku, "supplier": supplier, "state": state, "since": since, "until": until}
    asked = {name: value for name, value in asked.items() if value}
    wanted = BatchFilter(sku, supplier.strip(), state if state in CONDITIONS else "", _day(since), _day(until))
    found, more = await card_list.page_of(session, wanted, clock.now(), page.shop.zone, before)
    onward = urlencode({**asked, "before": str(found[-1].id)}) if more else ""
    return page.show(
        "backoffice/cards.html",
        tab="cards",
        batches=found,
        skus={each.code: each for each in await card_list.skus(session)},
        asked=Faults(asked),
        is_filtered=bool(asked),
        states=batch_state_texts(page.translate),
        older=f"/desk/cards?{onward}" if more else "",
        newest=f"/desk/cards?{urlencode(asked)}" if before else "",
    )


@router.get("/{batch}")
async def batch(
    page: DeskPage, batch: UUID, done: str = "", n: Annotated[int, Query(ge=0, le=2**62)] = 0
) -> HTMLResponse:
    said = done_texts(page.translate, n, page.money).get(done, "")
    return await batch_page(page, batch, done=said)


async def batch_page(page: Page, batch: UUID, *, status: int = 200, done: str = "", fault: str = "") -> HTMLResponse:
    """What became of a batch, with the forms of what may be done. Raises NotFoundError."""
    async with reading(page.shop.engine) as session:
        about = await card_list.about(session, batch)
        if about is None:
            raise NotFoundError
        account = await batch_costs.account(session, batch)
        acts = await card_list.acts(session, batch)
    return page.show(
        "backoffice/cards_batch.html",
        status=status,
        tab="cards",
        batch=account,
        about=about,
        acts=acts,
        words=act_texts(page.translate),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        key=lambda: uuid4().hex,
        done=done,
        fault=fault,
        back=f"/desk/cards/{batch}",
    )


def _day(typed: str) -> date | None:
    """What was typed, or none when it is no day."""
    try:
        return date.fromisoformat(typed)
    except ValueError:
        return None
