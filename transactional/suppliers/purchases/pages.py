"""The desk's pages of purchases: the list, one with all that happened to it, units on hold, and what staff can do."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.backoffice.forms import Faults, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession
from transactional.errors import NotFoundError, ShopError
from transactional.ledger.events import name_of
from transactional.suppliers import service
from transactional.suppliers.channels import supply_views
from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.protocols.field_wording import protocol_texts
from transactional.suppliers.purchases import endings as purchase_endings
from transactional.suppliers.purchases import views as purchase_views
from transactional.suppliers.purchases.claiming import Wishes
from transactional.suppliers.purchases.views import Wanted
from transactional.suppliers.purchases.wording import (
    call_texts,
    done_texts,
    event_texts,
    found_texts,
    state_texts,
    unit_texts,
)
from transactional.suppliers.routing import pages as routing_pages
from transactional.suppliers.routing import wording as routing_wording
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/purchases", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_settle, may_override = Depends(may("settle_purchases")), Depends(may("override_floor"))
Asked = Annotated[str, Query(max_length=100)]


@router.get("")
async def listed(
    page: DeskPage,
    session: PageReading,
    q: Asked = "",
    state: Asked = "",
    channel: Asked = "",
    before: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    _ = page.translate
    states = state_texts(_)
    state = state if state == "open" or state in states else ""
    asked = {name: value for name, value in (("q", q.strip()), ("state", state), ("channel", channel)) if value}
    found, more = await purchase_views.purchases(session, Wanted(state, _uuid(channel), q.strip(), before))
    every = await supply_views.channels(session)
    address = f"/desk/purchases?{urlencode(asked)}"
    return page.show(
        "suppliers/purchases.html",
        tab="purchases",
        purchases=found,
        states=states,
        units=unit_texts(_),
        asked=Faults(asked),
        is_filtered=bool(asked),
        choices={"open": _("Open"), **{name: each.name for name, each in states.items()}},
        channels={str(each.public_id): each.name for each in every},
        held_count=len(await purchase_views.held(session)),
        older=f"{address}&before={found[-1].id}" if more else "",
        newest=address if before else "",
    )


@router.get("/held")
async def on_hold(page: DeskPage, session: PageReading, done: Asked = "") -> HTMLResponse:
    """Paid units that no channel may supply now, each with the sentence why."""
    return await _held(page, session, done=done_texts(page.translate).get(done, ""))


@router.get("/{purchase}")
async def one(page: DeskPage, session: PageReading, purchase: UUID, done: Asked = "") -> HTMLResponse:
    return await _shown(page, session, purchase, done=done_texts(page.translate).get(done, ""))


@router.post("/{purchase}/ask", dependencies=[may_settle])
async def ask(page: DeskPage, clerk: Clerk, purchase: UUID, key: FormKey) -> Response:
    """The supplier is asked at once, before the next question is due."""

    async def work(session: WriteSession) -> Done:
        await service.ask(session, await purchase_endings.purchase_id(session, purchase))
        await accounts.record_act(session, clerk.id, "ask_purchase", f"purchase:{purchase}")
        return Done(said="asked")

    done = await do_once(page, clerk, key, f"ask purchase {purchase}", Done, work)
    return go(f"/desk/purchases/{purchase}?done={done.said}")


@router.post("/{purchase}/end", dependencies=[may_settle])
async def end(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    purchase: UUID,
    key: FormKey,
    to: Annotated[str, Form(pattern="^(written_off|not_had)$")],
    reason: Reason,
) -> Response:
    """Written off as unknown, or not to be had by people."""

    async def work(session: WriteSession) -> Done:
        about = (purchase, reason, clerk.id, clock.now())
        if to == "written_off":
            await purchase_endings.write_off(session, page.shop, *about)
        else:
            await purchase_endings.not_had(session, *about)
        return Done(said=to)

    try:
        done = await do_once(page, clerk, key, f"end purchase {purchase} {to} {reason}", Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _shown(page, session, purchase, refusal=refusal)
    return go(f"/desk/purchases/{purchase}?done={done.said}")


@router.post("/units/{fulfilment}/buy", dependencies=[may_settle])
async def buy(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    fulfilment: UUID,
    key: FormKey,
    reason: Reason,
    without: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Tries a waiting unit again now, where a channel is named over another one."""
    return await _buy(page, clerk, session, fulfilment, key, reason, without, override_floor=False)


@router.post("/units/{fulfilment}/override", dependencies=[may_settle, may_override])
async def override(
    page: DeskPage, clerk: Clerk, session: PageReading, fulfilment: UUID, key: FormKey, reason: Reason
) -> Response:
    """An owner lets a unit be bought below the floor."""
    return await _buy(page, clerk, session, fulfilment, key, reason, "", override_floor=True)


async def _buy(
    page: Page,
    clerk: Clerk,
    session: PageReading,
    fulfilment: UUID,
    key: str,
    reason: str,
    without: str,
    *,
    override_floor: bool,
) -> Response:
    async def work(session: WriteSession) -> Done:
        others = await purchase_views.channel_ids(session, _uuid(without))
        wishes = Wishes(others, override_floor, clerk.id)
        about = (fulfilment, wishes, reason, clerk.id, clock.now())
        return Done(said=(await purchase_endings.try_again(session, page.shop, *about)).kind)

    asked = f"buy {fulfilment} {without} {override_floor} {reason}"
    try:
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except ShopError as refusal:
        return await _held(page, session, refusal=refusal)
    return go(f"/desk/purchases/held?done={done.said}")


async def _held(page: Page, session: PageReading, *, done: str = "", refusal: ShopError | None = None) -> HTMLResponse:
    rows = await purchase_views.held(session)
    said = {
        row.fulfilment: routing_wording.sentence(page.translate, page.money, row.outcome, row.reason, row.reason_values)
        for row in rows
        if row.outcome is not None and row.outcome != "chosen"
    }
    return page.show(
        "suppliers/purchases_held.html",
        status=refusal.status if refusal else 200,
        tab="purchases",
        units=rows,
        sentences=said,
        key=lambda: uuid4().hex,
        done=done,
        fault=sentence_of(refusal, page.language) if refusal else "",
    )


async def _shown(
    page: Page, session: PageReading, purchase: UUID, *, done: str = "", refusal: ShopError | None = None
) -> HTMLResponse:
    story = await purchase_views.story(session, purchase)
    if story is None:
        raise NotFoundError
    _, row = page.translate, story.row
    decision = await session.get(RoutingDecision, row.decision_id) if row.decision_id else None
    decided = await routing_pages.decided(page, session, [decision]) if decision else []
    return page.show(
        "suppliers/purchases_one.html",
        status=refusal.status if refusal else 200,
        tab="purchases",
        purchase=row,
        story=story,
        decision=decided[0] if decided else None,
        states=state_texts(_),
        events=event_texts(_),
        calls=call_texts(_),
        founds=found_texts(_),
        units=unit_texts(_),
        protocols=protocol_texts(_),
        postings={each.event: name_of(each.event, page.language) for each in story.money},
        can_ask=row.state in ("submitted", "processing", "unknown", "written_off") and row.protocol != "manual",
        can_write_off=row.state in ("submitted", "processing", "unknown") and row.protocol != "manual",
        can_give_up=row.state == "processing" and row.protocol == "manual",
        can_buy=row.unit_state == "waiting" and row.waits_for == "supplier" and not _is_bought(story),
        key=lambda: uuid4().hex,
        done=done,
        fault=sentence_of(refusal, page.language) if refusal else "",
    )


def _is_bought(story: purchase_views.Story) -> bool:
    holding = ("created", "submitted", "processing", "unknown", "succeeded")
    return any(each.state in holding for each in (story.row, *story.others))


def _uuid(said: str) -> UUID | None:
    try:
        return UUID(said) if said else None
    except ValueError:
        return None
