"""The desk's page of figures: today and the last thirty business days, each figure with its definition.

What is asked of the database is in `figure_queries`; money is shown to those who see the ledger.
"""

from datetime import timedelta

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse

from mingsuan import clock
from mingsuan.i18n import Translator
from transactional.aftersales.wording import reason_texts
from transactional.backoffice import figure_queries, figures
from transactional.backoffice.figures import Sums
from transactional.backoffice.roles import may
from transactional.backoffice.wording import kind_texts
from transactional.payments.settling import LATE
from transactional.web.page import Clerk, DeskPage, Page, PageReading

DAYS = 30

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(may("see_orders"))])


@router.get("/figures")
async def figures_page(page: DeskPage, clerk: Clerk, session: PageReading) -> HTMLResponse:
    at, zone = clock.now(), page.shop.zone
    today = clock.business_date(at, zone)
    days = figure_queries.days_of(today - timedelta(days=DAYS - 1), today, at, zone)
    sees_money = clerk.may("see_ledger")
    daily = figures.by_day(
        days.since,
        days.until,
        await figure_queries.money(session, days) if sees_money else (),
        await figure_queries.paid(session, days),
        await figure_queries.placed(session, days),
    )
    return page.show(
        "backoffice/figures.html",
        tab="figures",
        at=at,
        days=days,
        sees_money=sees_money,
        today=daily[today],
        whole=Sums.of(daily.values()),
        daily=daily,
        delivery=await figure_queries.delivery(session, days),
        refunds=await figure_queries.refunds(session, days, LATE),
        best=await figure_queries.best_products(session, days),
        stock=await figure_queries.stock(session, days),
        number_of_days=DAYS,
        kinds=kind_texts(page.translate),
        causes=cause_texts(page.translate),
        share=share_text,
        duration=lambda passed: duration_text(passed, page.translate),
        dashboards=_dashboards(page) if sees_money else "",
    )


def cause_texts(_: Translator) -> dict[str, str]:
    """By what a refund was given for."""
    asked = {name: words.name for name, words in reason_texts(_).items()}
    return {**asked, "late": _("Paid too late"), "staff": _("By staff, without a request")}


def share_text(share: float | None) -> str:
    """With one decimal, never rounded up to a whole that it is not."""
    if share is None:
        return "—"
    return f"{min(share, 0.999) if share < 1 else share:.1%}"


def duration_text(passed: timedelta | None, _: Translator) -> str:
    """In the unit that people would use."""
    if passed is None:
        return "—"
    seconds = passed.total_seconds()
    for unit, words in ((86400, _("{n} days")), (3600, _("{n} h")), (60, _("{n} min"))):
        if seconds >= unit:
            return words.format(n=f"{seconds / unit:.1f}")
    return _("{n} s").format(n=f"{seconds:.1f}")


def _dashboards(page: Page) -> str:
    """Where the dashboards are for whoever looks from here; empty when they are for the shop's own machine only."""
    settings, host = page.shop.settings, page.request.url.hostname or ""
    here = host in ("127.0.0.1", "localhost")
    return f"http://{host}:{settings.dashboards_port}/profit" if here or settings.dashboards_open else ""
