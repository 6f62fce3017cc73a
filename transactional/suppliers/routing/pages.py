"""The desk's pages of routing: a test run, the rules in force, decisions made and why. Rules change in policy_pages."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen
from transactional.backoffice.roles import may
from transactional.db import ReadSession
from transactional.errors import NotFoundError
from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.routing import deciding as routing
from transactional.suppliers.routing import policies, policy_pages
from transactional.suppliers.routing import views as routing_views
from transactional.suppliers.routing.lines import facts, lines
from transactional.suppliers.routing.records import candidates_of, inputs_of, replay
from transactional.suppliers.routing.wording import outcome_texts, sentence, stage_texts
from transactional.web.page import DeskPage, Page, PageReading

LATEST = 20
MOST_UNITS = 100
Asked = Annotated[str, Query(max_length=80)]

router = APIRouter(prefix="/desk/routing", include_in_schema=False, dependencies=[Depends(may("see_supply"))])


@router.get("")
async def overview(
    page: DeskPage,
    session: PageReading,
    sku: Asked = "",
    quantity: Asked = "",
    price: Asked = "",
    done: Asked = "",
) -> HTMLResponse:
    """With a SKU: where it would be bought now, and why."""
    asked = {"sku": sku.strip(), "quantity": quantity.strip(), "price": price.strip()}
    tried, faults = None, Faults()
    if asked["sku"]:
        try:
            tried = await _tried(page, session, asked)
        except RefusedForm as refused:
            faults = refused.faults
    known = await policies.in_force(session)
    names = {each.id: each.name for each in await routing_views.channels(session)}
    return page.show(
        "suppliers/routing.html",
        status=422 if faults else 200,
        tab="routing",
        asked=asked,
        faults=faults,
        tried=tried,
        facts=facts(known.shop.policy, names, page.money, page.translate),
        made=known.shop.row,
        own=await routing_views.skus(session, known.own, clock.now()),
        codes=await routing_views.offered_codes(session),
        decisions=await decided(page, session, await routing_views.decisions(session, LATEST)),
        done=policy_pages.done_text(page, done),
    )


@router.get("/decisions/{decision}")
async def one(page: DeskPage, session: PageReading, decision: UUID) -> HTMLResponse:
    """All that a decision rests on, and whether it comes out the same when it is made again from its record."""
    row = await routing_views.decision(session, decision)
    if row is None:
        raise NotFoundError
    again, inputs = replay(row), inputs_of(row)
    names = {each.id: each.name for each in await routing_views.channels(session)}
    [sku] = await routing_views.skus(session, [row.sku_id], row.decided_at)
    return page.show(
        "suppliers/decision.html",
        tab="routing",
        decision=row,
        sku=sku,
        said=_said(page, row),
        stage=stage_texts(page.translate)[row.stage],
        outcome=outcome_texts(page.translate)[row.outcome],
        situation=inputs.situation,
        lines=lines(candidates_of(row), again.choice.chosen, page.translate),
        facts=facts(inputs.policy, names, page.money, page.translate),
        agrees=again.agrees,
    )


async def decided(
    page: Page, session: ReadSession, rows: Sequence[RoutingDecision]
) -> list[tuple[RoutingDecision, str, str, str]]:
    """Each decision with its SKU's code, its stage in words, and its sentence."""
    codes = {each.id: each.code for each in await routing_views.skus(session, {r.sku_id for r in rows}, clock.now())}
    stages = stage_texts(page.translate)
    return [(row, codes[row.sku_id], stages[row.stage], _said(page, row)) for row in rows]


def _said(page: Page, row: RoutingDecision) -> str:
    return sentence(page.translate, page.money, row.outcome, row.reason, row.reason_values)


async def _tried(page: Page, session: ReadSession, asked: dict[str, str]) -> dict[str, object]:
    """What would be decided. Raises RefusedForm."""
    _ = page.translate
    sku = await routing_views.sku(session, asked["sku"], clock.now())
    if sku is None:
        raise RefusedForm(Faults({"sku": _("There is no such SKU.")}))
    quantity = _units(asked["quantity"], page)
    net_fen = quantity * (
        amount_fen("price", asked["price"], page.shop.currency, _) if asked["price"] else sku.price_fen or 0
    )
    weighed = await routing.weigh(
        session, stage="quote", sku_id=sku.id, quantity=quantity, net_fen=net_fen, at=clock.now()
    )
    choice = weighed.choice
    return {
        "sku": sku,
        "net_fen": net_fen,
        "quantity": quantity,
        "outcome": choice.outcome,
        "said": sentence(_, page.money, choice.outcome, choice.reason, choice.values),
        "lines": lines(choice.judged, choice.chosen, _),
    }


def _units(typed: str, page: Page) -> int:
    if not typed:
        return 1
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= MOST_UNITS):
        fault = page.translate("Use a whole number from 1 to {most}").format(most=MOST_UNITS)
        raise RefusedForm(Faults({"quantity": fault}))
    return int(typed)
