"""The desk's page of exchange rates: what counts since when, one typed, many from a file."""

from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Depends, File, Form, UploadFile
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.backoffice.forms import Faults, faults_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, ShopError
from transactional.suppliers.channels import supply_views
from transactional.suppliers.channels.supply_wording import source_texts
from transactional.suppliers.offers import rate_sheet, rate_watch, rates
from transactional.suppliers.offers.rates import NewRate
from transactional.suppliers.routing import inversions
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/rates", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_manage = Depends(may("manage_channels"))
Line = Annotated[str, Form(max_length=40)]
MOST_BYTES = 2_000_000
SHOWN = 100


@router.get("")
async def listed(page: DeskPage, session: PageReading, n: int = 0) -> HTMLResponse:
    return await _shown(page, session, done=max(0, n))


@router.post("", dependencies=[may_manage])
async def enter(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    currency: Line = "",
    rate_date: Line = "",
    rate: Line = "",
) -> Response:
    form = {"currency": currency, "date": rate_date, "rate": rate}
    try:
        today = clock.business_date(clock.now(), page.shop.zone)
        new = rate_sheet.typed(currency, rate_date, rate, page.shop.currency, today)
        await _record(page, clerk, key, [new], "staff")
    except ShopError as refusal:
        return await _shown(page, session, form=form, refusal=refusal)
    return go("/desk/rates?n=1")


@router.post("/file", dependencies=[may_manage])
async def take_file(
    page: DeskPage, clerk: Clerk, session: PageReading, key: FormKey, file: Annotated[UploadFile, File()]
) -> Response:
    """All rows, or none."""
    try:
        content = await file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise InvalidInputError([FieldProblem("file", "The file is too large.")])
        today = clock.business_date(clock.now(), page.shop.zone)
        new = rate_sheet.read(file.filename or "", content, page.shop.currency, today)
        await _record(page, clerk, key, new, "file")
    except ShopError as refusal:
        return await _shown(page, session, refusal=refusal)
    return go(f"/desk/rates?n={len(new)}")


async def _record(page: Page, clerk: Clerk, key: str, new: list[NewRate], source: str) -> None:
    async def work(session: WriteSession) -> Done:
        await rates.record(session, new, source, clerk.id)
        await rate_watch.watch(session)
        await inversions.judge_all(session)
        currencies = sorted({each.currency for each in new})
        await accounts.record_act(session, clerk.id, "record_rates", "rates", detail={"currencies": currencies})
        return Done(said="recorded", count=len(new))

    await do_once(page, clerk, key, f"rates {new}", Done, work)


async def _shown(
    page: Page,
    session: PageReading,
    *,
    form: dict[str, str] | None = None,
    refusal: ShopError | None = None,
    done: int = 0,
) -> HTMLResponse:
    problems = refusal.problems if refusal and form is None else ()
    return page.show(
        "suppliers/rates.html",
        status=refusal.status if refusal else 200,
        tab="channels",
        rates=await supply_views.newest_rates(session),
        sources=source_texts(page.translate),
        form=Faults(form or {"date": clock.business_date(clock.now(), page.shop.zone).isoformat()}),
        faults=faults_of(refusal, page.language) if refusal and form is not None else Faults(),
        fault=refusal.sentence(page.language) if refusal else "",
        problems=[(each.place, each.sentence(page.language)) for each in problems[:SHOWN]],
        problem_count=len(problems),
        shop_currency=page.shop.currency,
        done=done,
        key=lambda: uuid4().hex,
        back="/desk/rates",
    )
