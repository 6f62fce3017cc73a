"""The desk's pages of channels: what there is to buy over, added, changed, paused, ended, and asked now.

What a form of a channel says is read in `channel_form`, goods and offers are in `offer_pages`.
"""

from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response

from transactional.accounts import service as accounts
from transactional.alerts.wording import reason_texts
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, command_key, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, writing
from transactional.errors import NotFoundError, ShopError
from transactional.idempotency import first_time
from transactional.suppliers.channels import form as channel_form
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels import supply_views
from transactional.suppliers.channels.forms import WITHOUT_SUPPLIER
from transactional.suppliers.channels.supply_views import Wanted
from transactional.suppliers.channels.supply_wording import channel_done_texts, channel_state_texts, offer_state_texts
from transactional.suppliers.offers import sync
from transactional.suppliers.protocols.field_wording import field_texts, protocol_texts
from transactional.suppliers.states import PROTOCOLS
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/channels", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_manage = Depends(may("manage_channels"))
STATES = {"pause": "paused", "resume": "active", "end": "ended"}


@router.get("")
async def listed(page: DeskPage, session: PageReading) -> HTMLResponse:
    return page.show(
        "suppliers/channels.html",
        tab="channels",
        channels=await supply_views.channels(session),
        protocols=protocol_texts(page.translate),
        states=channel_state_texts(page.translate),
    )


@router.get("/new", dependencies=[may_manage])
async def new_form(
    page: DeskPage, session: PageReading, protocol: Annotated[str, Query(max_length=20)] = ""
) -> HTMLResponse:
    """First which protocol, then what that protocol asks for."""
    return await _new(page, session, protocol if protocol in PROTOCOLS else "")


@router.post("/new", dependencies=[may_manage])
async def add(
    page: DeskPage, clerk: Clerk, session: PageReading, request: Request, key: FormKey, protocol: Annotated[str, Form()]
) -> Response:
    """A channel, and its supplier when that is new, in one transaction."""
    typed = channel_form.typed(await request.form())
    made: list[UUID] = []

    async def work(session: WriteSession) -> Done:
        supplier_id = await channel_form.supplier_of(session, typed, clerk.id)
        new = channel_form.new_channel(typed, protocol, supplier_id)
        made.append((await channels.add_channel(session, page.shop.vault, new, clerk.id)).public_id)
        return Done(said=str(made[0]))

    if protocol not in PROTOCOLS:
        raise NotFoundError
    try:
        done = await do_once(page, clerk, key, f"add channel {typed.get('code', '')}", Done, work)
    except ShopError as refusal:
        return await _new(page, session, protocol, typed=typed, refusal=refusal)
    return go(f"/desk/channels/{done.said}?done=added")


@router.get("/{channel}")
async def one(
    page: DeskPage, session: PageReading, channel: UUID, done: Annotated[str, Query(max_length=20)] = "", n: int = 0
) -> HTMLResponse:
    said = channel_done_texts(page.translate, n).get(done, "")
    return await shown(page, session, channel, done=said)


@router.post("/{channel}", dependencies=[may_manage])
async def change(
    page: DeskPage, clerk: Clerk, session: PageReading, request: Request, channel: UUID, key: FormKey
) -> Response:
    """Credentials left empty stay as they are."""
    typed = channel_form.typed(await request.form())
    protocol = (await channels.by_public_id(session, channel)).protocol

    async def work(session: WriteSession) -> Done:
        edit = channel_form.edit(typed, protocol)
        await channels.edit_channel(session, page.shop.vault, channel, edit, clerk.id)
        return Done(said="changed")

    try:
        await do_once(page, clerk, key, f"change channel {channel}", Done, work)
    except ShopError as refusal:
        return await shown(page, session, channel, typed=typed, refusal=refusal)
    return go(f"/desk/channels/{channel}?done=changed")


@router.post("/{channel}/state", dependencies=[may_manage])
async def set_state(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    channel: UUID,
    key: FormKey,
    to: Annotated[str, Form(max_length=20)],
    reason: Reason = "",
) -> Response:
    async def work(session: WriteSession) -> Done:
        await channels.set_state(session, channel, STATES.get(to, ""), clerk.id, reason.strip())
        return Done(said=to)

    try:
        await do_once(page, clerk, key, f"channel {channel} {to}", Done, work)
    except ShopError as refusal:
        return await shown(page, session, channel, refusal=refusal)
    return go(f"/desk/channels/{channel}?done={STATES[to]}")


@router.post("/{channel}/sync", dependencies=[may_manage])
async def sync_now(page: DeskPage, clerk: Clerk, session: PageReading, channel: UUID, key: FormKey) -> Response:
    """Asks the supplier while the page waits; once for each rendered form."""
    row = await channels.by_public_id(session, channel)
    async with writing(page.shop.engine) as writer:
        if not await first_time(writer, command_key(clerk, key, f"sync {channel}")):
            return go(f"/desk/channels/{channel}")
        await accounts.record_act(writer, clerk.id, "sync_channel", f"channel:{channel}")
    pulled = await sync.pull(page.shop.engine, page.shop.vault, row.id, asked=True)
    if pulled is None:
        return go(f"/desk/channels/{channel}?done=nobody")
    return go(f"/desk/channels/{channel}?done={'silent' if pulled.problem else 'synced'}&n={pulled.changed}")


async def _new(
    page: Page,
    session: PageReading,
    protocol: str,
    *,
    typed: dict[str, str] | None = None,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    return page.show(
        "suppliers/channels_new.html",
        status=refusal.status if refusal else 200,
        tab="channels",
        protocol=protocol,
        protocols=protocol_texts(page.translate),
        asked=channels.protocol_form(protocol),
        labels=field_texts(page.translate),
        has_supplier=protocol not in WITHOUT_SUPPLIER,
        suppliers=await supply_views.suppliers(session),
        form=Faults(typed or channel_form.BLANK),
        currency=page.shop.currency,
        key=uuid4().hex,
        back="/desk/channels/new",
        **_faults(page, refusal),
    )


async def shown(
    page: Page,
    session: PageReading,
    channel: UUID,
    *,
    typed: dict[str, str] | None = None,
    refusal: ShopError | None = None,
    done: str = "",
) -> HTMLResponse:
    """A channel, what it offers, and what can be done. Raises NotFoundError."""
    row = await supply_views.channel(session, channel)
    offers, more = await supply_views.offers(session, Wanted(channel=channel))
    return page.show(
        "suppliers/channels_one.html",
        status=refusal.status if refusal else 200,
        tab="channels",
        channel=row,
        offers=offers,
        more=more,
        asked=channels.protocol_form(row.protocol),
        labels=field_texts(page.translate),
        protocols=protocol_texts(page.translate),
        states=channel_state_texts(page.translate),
        offer_states=offer_state_texts(page.translate),
        reasons=reason_texts(page.translate),
        has_supplier=row.protocol not in WITHOUT_SUPPLIER,
        form=Faults(typed or channel_form.of_row(row)),
        is_typed=typed is not None,
        shop_currency=page.shop.currency,
        callback=f"{page.public_url}/suppliers/{channel}/notices",
        key=lambda: uuid4().hex,
        back=f"/desk/channels/{channel}",
        done=done,
        **_faults(page, refusal),
    )


def _faults(page: Page, refusal: ShopError | None) -> dict[str, Any]:
    faults = faults_of(refusal, page.language) if refusal else Faults()
    sentence = sentence_of(refusal, page.language) if refusal and not faults else ""
    return {"faults": faults, "fault": sentence}
