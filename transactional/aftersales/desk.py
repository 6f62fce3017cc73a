"""Pages of the desk: the queue of cases, the next due first; a case with the facts beside it. Acts are `desk_acts`."""

from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import HTMLResponse

from mingsuan import clock, money
from transactional.accounts.service import record_act
from transactional.aftersales import desk_queries, evidence, queries, service, unit_queries
from transactional.aftersales.desk_queries import CaseFilter
from transactional.aftersales.rules import REASONS
from transactional.aftersales.timeline import timeline
from transactional.aftersales.wording import (
    case_state_texts,
    decision_texts,
    done_texts,
    queue_state_texts,
    reason_texts,
    unit_state_text,
)
from transactional.backoffice.roles import may
from transactional.db import ReadSession, writing
from transactional.errors import NotFoundError
from transactional.ledger.export import as_csv
from transactional.web.page import Clerk, DeskPage, Page, PageReading

CASES_A_PAGE = 50
MOST_EXPORTED = 10_000

router = APIRouter(prefix="/desk/aftersales", include_in_schema=False, dependencies=[Depends(may("see_cases"))])


def case_filter(
    clerk: Clerk,
    state: Annotated[str, Query(max_length=40)] = "unfinished",
    reason: Annotated[str, Query(max_length=40)] = "",
    days: Annotated[str, Query(max_length=4)] = "",
    order_no: Annotated[str, Query(max_length=64)] = "",
    customer: Annotated[str, Query(max_length=254)] = "",
) -> CaseFilter:
    """What the address asks for; what it cannot mean is left out. State "" is all of them, closed ones too."""
    age = timedelta(days=int(days)) if days.isascii() and days.isdigit() else None
    return CaseFilter(
        state=state or None,
        reason=reason if reason in REASONS else None,
        before=clock.now() - age if age else None,
        order_no=order_no.strip() or None,
        email=customer.strip() or None,
        staff_id=clerk.id,
    )


Wanted = Annotated[CaseFilter, Depends(case_filter)]


@router.get("")
async def queue(
    page: DeskPage,
    session: PageReading,
    wanted: Wanted,
    number: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    at = clock.now()
    offset = (number - 1) * CASES_A_PAGE
    rows, total = await desk_queries.queue(session, wanted, at, CASES_A_PAGE, offset)
    asked = dict(page.request.query_params) | {"page": ""}
    return page.show(
        "aftersales/desk_queue.html",
        tab="aftersales",
        cases=rows,
        total=total,
        counts=await desk_queries.counts(session, at),
        at=at,
        asked=asked,
        is_filtered=any(page.request.query_params.values()),
        queue_states=queue_state_texts(page.translate),
        states=case_state_texts(page.translate),
        reasons={key: text.name for key, text in reason_texts(page.translate).items()},
        address="/desk/aftersales?" + urlencode({k: v for k, v in asked.items() if v and k != "page"}),
        page=number,
        more=offset + len(rows) < total,
    )


@router.get("/export")
async def export(page: DeskPage, clerk: Clerk, wanted: Wanted) -> Response:
    """What the filters find as CSV, without anything that customers wrote; on record before it leaves."""
    at = clock.now()
    async with writing(page.shop.engine) as session:
        rows, total = await desk_queries.queue(session, wanted, at, MOST_EXPORTED, 0)
        await record_act(session, clerk.id, "export_cases", "cases", detail={"rows": len(rows), "of": total})
    named = f'attachment; filename="cases-{clock.business_date(at, page.shop.zone)}.csv"'
    return Response(as_csv(_table(page, rows)), media_type="text/csv", headers={"Content-Disposition": named})


def _table(page: Page, rows: Any) -> list[list[str]]:
    _ = page.translate
    states, reasons = case_state_texts(_), reason_texts(_)
    heading = [_("Case"), _("State"), _("Reason"), _("Order number"), _("Product"), _("Units"), _("Customer")]
    lines = [[*heading, _("Opened"), _("Due"), _("Closed"), _("Taken by")]]
    for row in rows:
        instants = [_instant(page, at) for at in (row.opened_at, row.due_at, row.closed_at)]
        what = [str(row.id), states[row.state].name, reasons[row.reason].name, row.order_no, page.local(row, "title")]
        lines.append([*what, str(row.unit_count), row.email or "", *instants, row.taker_name or ""])
    return lines


def _instant(page: Page, at: Any) -> str:
    return at.astimezone(page.shop.zone).strftime("%Y-%m-%d %H:%M") if at else ""


@router.get("/{case_id}")
async def case(
    page: DeskPage, session: PageReading, case_id: UUID, done: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    return await shown(page, session, case_id, done=done)


async def shown(
    page: Page,
    session: ReadSession,
    case_id: UUID,
    *,
    done: str = "",
    fault: str = "",
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    """The case as staff see it; with a fault, what they typed is still there. Raises NotFoundError."""
    row = await queries.one(session, case_id, None)
    if row is None:
        raise NotFoundError
    found = await service.whole(session, page.shop.vault, row, with_internal=True)
    units = await unit_queries.units_by_id(session, [each.inside for each in await queries.units(session, row.inside)])
    decided = {unit.id for unit in found.units if unit.decision}
    undecided = [unit for unit in units if unit.id not in decided]
    is_open = found.closed_at is None
    _ = page.translate
    return page.show(
        "aftersales/desk_case.html",
        status=409 if fault else 200,
        tab="aftersales",
        case=found,
        beside=await desk_queries.beside(session, row.inside),
        colleagues=await desk_queries.colleagues(session),
        units=units,
        undecided=undecided if is_open else [],
        unit_states={unit.id: unit_state_text(replace(unit, open_case_id=None), _) for unit in units},
        can_replace=any(unit.is_replaceable for unit in undecided),
        can_act=is_open and page.staff is not None and page.staff.may("settle_cases"),
        can_note=page.staff is not None and page.staff.may("settle_cases"),
        is_overdue=found.due_at is not None and found.due_at < clock.now(),
        state=case_state_texts(_)[found.state],
        reasons=reason_texts(_),
        decisions=decision_texts(_),
        lines=timeline(found),
        keys={
            each: uuid4().hex for each in ("say", "note", "take", "assign", "replace", "refund", "goodwill", "reject")
        },
        plain=lambda fen: money.plain(fen, page.shop.currency),
        done=done_texts(_).get(done, ""),
        fault=fault,
        typed=typed or {},
        back=f"/desk/aftersales/{case_id}",
    )


@router.get("/{case_id}/evidence/{evidence_id}")
async def download(page: DeskPage, session: PageReading, case_id: UUID, evidence_id: UUID) -> Response:
    return await evidence.download(session, page.shop.vault, case_id, evidence_id, None)
