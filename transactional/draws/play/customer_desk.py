"""The desk's page of one customer's draws: which place's rules hold for them, their own limits, their pause."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, reading
from transactional.draws.play import countries, limits, pauses
from transactional.draws.play.profiles import of_country
from transactional.draws.play.wording import limit_texts, profile_texts
from transactional.errors import NotFoundError, ShopError
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(
    prefix="/desk/customers/{customer}/play", include_in_schema=False, dependencies=[Depends(may("see_customers"))]
)


@router.get("")
async def shown(page: DeskPage, customer: UUID, done: Annotated[str, Query(max_length=20)] = "") -> HTMLResponse:
    return await _page(page, customer, done=done)


@router.post("/country", dependencies=[Depends(may(countries.ACT))])
async def record_country(
    page: DeskPage,
    clerk: Clerk,
    customer: UUID,
    key: FormKey,
    country: Annotated[str, Form(max_length=10)] = "",
    reason: Reason = "",
) -> Response:
    async def work(session: WriteSession) -> Done:
        await countries.record(session, customer, country, reason, clerk.id)
        return Done(said="country")

    try:
        await do_once(page, clerk, key, f"country {customer} {country} {reason}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        typed = {"country": country, "reason": reason}
        return await _page(page, customer, refusal=refusal, typed=typed)
    return go(f"/desk/customers/{customer}/play?done=country")


async def _page(
    page: Page,
    customer: UUID,
    *,
    done: str = "",
    refusal: ShopError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    at = clock.now()
    async with reading(page.shop.engine) as session:
        row = await countries.customer_of(session, customer)
        standing = await limits.standing(session, row.id, at)
        paused_until = await pauses.paused_until(session, row.id, at)
    faults = faults_of(refusal, page.language) if refusal else Faults()
    return page.show(
        "draws/desk_customer.html",
        status=refusal.status if refusal else 200,
        tab="customers",
        person=row,
        profile=profile_texts(page.translate)[of_country(row.country).name],
        standing=standing,
        names=limit_texts(page.translate),
        paused_until=paused_until,
        done=page.translate("The country is on record.") if done == "country" else "",
        fault=sentence_of(refusal, page.language) if refusal and not faults else "",
        faults=faults,
        typed=Faults(typed or {}),
        key=uuid4().hex,
        back=f"/desk/customers/{customer}/play",
    )
