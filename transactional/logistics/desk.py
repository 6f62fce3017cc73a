"""Pages of the desk: what is to be sent, labels and lists for it, parcels that were sent and what became of them.

Addresses are opened for those who deliver only, and each opening of many is on record.
"""

import csv
import io
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from mingsuan import clock
from transactional.accounts.service import record_act
from transactional.backoffice.exports import UTF8_MARK
from transactional.backoffice.forms import sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession, writing
from transactional.errors import NotFoundError, ShopError
from transactional.logistics import desk_import, desk_list, dispatching, queries, receiving, waiting
from transactional.logistics.couriers import COURIERS
from transactional.logistics.destinations import place_of
from transactional.logistics.dispatching import Sending
from transactional.logistics.wording import state_texts
from transactional.spreadsheet_text import harmless
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk", include_in_schema=False, dependencies=[Depends(may("see_orders"))])
DELIVERS = [Depends(may("deliver"))]
Reason = Annotated[str, Form(min_length=1, max_length=500)]


@router.get("/parcels")
async def parcels(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    show: Annotated[str, Query(pattern="^(waiting|under_way|trouble|all)$")] = "waiting",
    q: Annotated[str, Query(max_length=60)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """Without the role that delivers, no address is opened."""
    vault = page.shop.vault if clerk.may("deliver") else None
    is_list = show != "waiting" or bool(q)
    shown: desk_list.Shown = "all" if q else ("trouble" if show == "trouble" else "under_way")
    shown = "all" if show == "all" else shown
    rows, more = await desk_list.sent(session, shown, q, number) if is_list else ([], False)
    orders = [] if is_list else await waiting.to_send(session, vault, most=100)
    return page.show(
        "logistics/desk_parcels.html",
        tab="parcels",
        show=show if not q else "all",
        q=q,
        orders=orders,
        parcels=rows,
        page=number,
        more=more,
        states=state_texts(page.translate),
    )


@router.post("/parcels/export", dependencies=DELIVERS)
async def export(page: DeskPage, clerk: Clerk) -> Response:
    """Orders to send with their addresses, for the courier's own program; who took them is on record."""
    async with writing(page.shop.engine) as session:
        orders = await waiting.to_send(session, page.shop.vault)
        await record_act(session, clerk.id, "export_addresses", "parcels", detail={"orders": len(orders)})
    _ = page.translate
    heading = [_("Order number"), _("Recipient"), _("Phone"), _("Province"), _("City"), _("District"), _("Street")]
    file = io.StringIO()
    writer = csv.writer(file)
    writer.writerow([*heading, _("Postcode"), _("Goods")])
    for order in orders:
        at = order.place
        where = [at.recipient, at.shown_phone, at.province, at.city, at.district, at.street, at.postcode] if at else []
        goods = "; ".join(f"{page.local(piece, 'title')} {page.local(piece, 'name')} × {n}" for piece, n in order.goods)
        writer.writerow([harmless(cell) for cell in (order.order_no, *(where or [""] * 7), goods)])
    name = f"parcels-{clock.now().astimezone(page.shop.zone):%Y%m%d-%H%M}.csv"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response((UTF8_MARK + file.getvalue()).encode(), media_type="text/csv; charset=utf-8", headers=disposition)


@router.get("/parcels/labels", dependencies=DELIVERS)
async def labels(
    page: DeskPage, clerk: Clerk, order: Annotated[str | None, Query(max_length=64)] = None
) -> HTMLResponse:
    """A picking list and a label each, to be printed; who opened them is on record."""
    async with writing(page.shop.engine) as session:
        orders = await waiting.to_send(session, page.shop.vault, order)
        subject = f"order:{order}" if order else "parcels"
        await record_act(session, clerk.id, "print_labels", subject, detail={"orders": len(orders)})
    return page.show(
        "logistics/labels.html", tab="parcels", orders=orders, picking=waiting.picking(orders), at=clock.now()
    )


@router.get("/parcels/orders/{order_no}", dependencies=DELIVERS)
async def send_form(page: DeskPage, session: PageReading, order_no: str) -> HTMLResponse:
    return await _send_form(page, session, order_no)


@router.post("/parcels/orders/{order_no}", dependencies=DELIVERS)
async def send(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    order_no: str,
    key: FormKey,
    courier: Annotated[str, Form(max_length=40)],
    tracking_no: Annotated[str, Form(max_length=60)],
    unit: Annotated[list[UUID] | None, Form()] = None,
) -> Response:
    sending = Sending(order_no, courier, tracking_no, tuple(unit or ()))

    async def work(session: WriteSession) -> Done:
        parcel = await dispatching.dispatch(session, page.shop.vault, sending, clerk.id, page.shop.zone)
        return Done(said=str(parcel))

    try:
        done = await do_once(page, clerk, key, f"send {sending}", Done, work)
    except ShopError as refusal:
        typed = {"courier": courier, "tracking_no": tracking_no, "units": set(unit or ())}
        return await _send_form(page, session, order_no, typed, refusal)
    return go(f"/desk/parcels/{done.said}")


router.include_router(desk_import.router, dependencies=DELIVERS)


@router.get("/parcels/{parcel}")
async def parcel_page(page: DeskPage, clerk: Clerk, session: PageReading, parcel: UUID) -> HTMLResponse:
    shown = await queries.detail(session, page.shop.vault, parcel, None)
    opens = clerk.may("deliver")
    place = await place_of(session, page.shop.vault, shown.purpose, shown.reference) if opens else None
    return page.show(
        "logistics/desk_parcel.html",
        tab="parcels",
        parcel=shown,
        place=place,
        states=state_texts(page.translate),
        key=uuid4().hex,
    )


@router.post("/parcels/{parcel}/receipt", dependencies=DELIVERS)
async def receipt(page: DeskPage, clerk: Clerk, parcel: UUID, key: FormKey, reason: Reason) -> RedirectResponse:
    """The customer told staff that it came."""

    async def work(session: WriteSession) -> Done:
        await receiving.confirm_by_staff(session, parcel, clerk.id, reason)
        return Done(said="confirmed")

    await do_once(page, clerk, key, f"receipt {parcel} {reason}", Done, work)
    return go(f"/desk/parcels/{parcel}")


@router.post("/parcels/{parcel}/loss", dependencies=DELIVERS)
async def loss(page: DeskPage, clerk: Clerk, parcel: UUID, key: FormKey, reason: Reason) -> RedirectResponse:
    async def work(session: WriteSession) -> Done:
        await receiving.lose(session, parcel, clerk.id, reason)
        return Done(said="lost")

    await do_once(page, clerk, key, f"loss {parcel} {reason}", Done, work)
    return go(f"/desk/parcels/{parcel}")


async def _send_form(
    page: Page,
    session: PageReading,
    order_no: str,
    typed: Mapping[str, object] | None = None,
    refusal: ShopError | None = None,
) -> HTMLResponse:
    """The empty form, or the refused one as it was filled in. Raises NotFoundError when nothing waits."""
    found = await waiting.to_send(session, page.shop.vault, order_no)
    if not found:
        raise refusal or NotFoundError
    return page.show(
        "logistics/send.html",
        status=refusal.status if refusal else 200,
        tab="parcels",
        order=found[0],
        couriers={code: names[0 if page.language == "zh_CN" else 1] for code, names in COURIERS.items()},
        typed=typed or {"courier": "", "tracking_no": "", "units": {piece.id for piece in found[0].pieces}},
        fault=sentence_of(refusal, page.language) if refusal else "",
        key=uuid4().hex,
    )
