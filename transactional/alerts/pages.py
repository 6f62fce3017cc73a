"""The desk's page of alerts: what is on, what was, how each was told, and who has it in hand."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from transactional.accounts import service as accounts
from transactional.alerts import queries, service
from transactional.alerts.wording import (
    outcome_texts,
    place_of,
    severity_texts,
    sink_texts,
    text_of,
    title_of,
)
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession
from transactional.web.page import Clerk, DeskPage, PageReading, go

router = APIRouter(prefix="/desk/alerts", include_in_schema=False, dependencies=[Depends(may("see_alerts"))])


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    show: Annotated[str, Query(max_length=10)] = "on",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
    done: bool = False,
) -> HTMLResponse:
    is_over = show == "over"
    found, more = await queries.listed(session, is_over, number)
    _, currency = page.translate, page.shop.currency
    return page.show(
        "alerts/alerts.html",
        tab="alerts",
        alerts=[
            (each, title_of(each.kind, each.detail, currency, _), text_of(each.kind, each.detail, currency, _))
            for each in found
        ],
        deliveries=await queries.deliveries(session, [each.id for each in found]),
        is_over=is_over,
        on=await queries.count_on(session),
        page=number,
        more=more,
        place=place_of,
        severities=severity_texts(_),
        sinks=sink_texts(_),
        outcomes=outcome_texts(_),
        configured=[sink_texts(_).get(sink.name, sink.name) for sink in page.shop.alert_sinks],
        key=lambda: uuid4().hex,
        done=done,
    )


@router.post("/{alert}/acknowledge", dependencies=[Depends(may("acknowledge_alerts"))])
async def acknowledge(page: DeskPage, clerk: Clerk, alert: UUID, key: FormKey) -> Response:
    async def work(session: WriteSession) -> Done:
        await service.acknowledge(session, alert, clerk.id)
        await accounts.record_act(session, clerk.id, "acknowledge_alert", f"alert:{alert}")
        return Done(said="acknowledged")

    await do_once(page, clerk, key, f"acknowledge {alert}", Done, work)
    return go("/desk/alerts?done=true")
