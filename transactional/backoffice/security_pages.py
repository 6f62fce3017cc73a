"""The page of who tries to get in: attempts, networks, an attack under way, staff without a second step, log-ins."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.accounts.members import sessions as members_sessions
from transactional.backoffice import security_queries
from transactional.backoffice.roles import may
from transactional.edge import STAFF_COOKIE
from transactional.web.page import DeskPage, PageReading

NETWORKS = 20

router = APIRouter(prefix="/desk/security", include_in_schema=False, dependencies=[Depends(may("see_security"))])


@router.get("")
async def security(
    page: DeskPage, session: PageReading, hours: Annotated[int, Query(ge=1, le=24 * 31)] = 24
) -> HTMLResponse:
    since = clock.now() - timedelta(hours=hours)
    _ = page.translate
    token = page.request.cookies.get(STAFF_COOKIE)
    outcomes = {
        "succeeded": _("Succeeded"),
        "code_needed": _("Asked for a code"),
        "wrong": _("Wrong"),
        "refused": _("Turned away"),
    }
    return page.show(
        "backoffice/security.html",
        tab="security",
        hours=hours,
        spans={24: _("24 hours"), 24 * 7: _("7 days"), 24 * 30: _("30 days")},
        of_customers=await security_queries.hours(session, since, "customer"),
        of_staff=await security_queries.hours(session, since, "staff"),
        networks=await security_queries.networks(session, since, NETWORKS),
        without=(await session.execute(security_queries.WITHOUT_SECOND_FACTOR)).all(),
        attacks=(await session.execute(security_queries.OPEN_ATTACKS)).all(),
        sessions=await members_sessions.sessions(session, token=token),
        outcomes=outcomes,
        outcome_columns=[(words, "num") for words in outcomes.values()],
    )
