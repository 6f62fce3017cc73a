"""The page of a customer's own data: what was agreed to, everything that is held, and erasing it."""

import json
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import RedirectResponse, Response

from mingsuan import clock
from transactional.accounts.entry.browser import Flow, flow_of, give_flow, take_away
from transactional.accounts.entry.forms import told
from transactional.accounts.persons import consents, erasure, identity_queries, personal_export
from transactional.accounts.persons.consent_rules import DOCUMENTS, is_given
from transactional.accounts.persons.wording import document_names
from transactional.accounts.schemas import CustomerSubject
from transactional.db import reading, writing
from transactional.edge import AsCustomer, Language, shop_of
from transactional.errors import ShopError
from transactional.web.page import go, open_page

router = APIRouter(prefix="/account/data", include_in_schema=False)
HERE = "/account/data"
REQUIRED = tuple(name for name, document in DOCUMENTS.items() if document.is_required)


@router.get("")
async def shown(request: Request, customer: AsCustomer, done: str = "") -> Response:
    return await _shown(request, customer, done=done)


@router.get("/export")
async def export(request: Request, customer: AsCustomer) -> Response:
    """A file to keep; no cache on the way keeps it."""
    shop = shop_of(request)
    async with reading(shop.engine) as session:
        found = await personal_export.document(session, shop.vault, customer.id)
    content = json.dumps(jsonable_encoder(found), ensure_ascii=False, indent=2)
    name = f"mingsuan-{clock.now():%Y%m%d}.json"
    return Response(
        content, media_type="application/json", headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )


@router.post("/consents")
async def agree(request: Request, customer: AsCustomer, language: Language) -> RedirectResponse:
    """To the present version of what nobody has an account without."""
    async with writing(shop_of(request).engine) as session:
        await consents.give(session, customer.id, REQUIRED, language)
    return go(f"{HERE}?done=agreed")


@router.post("/consents/{document}/withdrawal")
async def withdraw(request: Request, customer: AsCustomer, language: Language, document: str) -> RedirectResponse:
    """What was kept because of it is deleted at once."""
    async with writing(shop_of(request).engine) as session:
        await consents.withdraw(session, customer.id, document, language)
        await identity_queries.forget(session, customer.id, clock.now(), number_too=False)
    return go(f"{HERE}?done=withdrawn")


@router.post("/code")
async def send_code(request: Request, customer: AsCustomer, language: Language) -> Response:
    shop = shop_of(request)
    try:
        flow = await erasure.send_code(shop, customer, language)
    except ShopError as refusal:
        return await _shown(request, customer, refusal)
    answer = go(f"{HERE}?done=code#erasure")
    if flow is not None:
        give_flow(answer, Flow("verify_contact", flow, "", HERE), shop.settings)
    return answer


@router.post("/erasure")
async def erase(
    request: Request,
    customer: AsCustomer,
    password: Annotated[str, Form(max_length=1024)] = "",
    code: Annotated[str, Form(max_length=20)] = "",
) -> Response:
    """For good. The browser is logged out; sent twice, the second finds nobody logged in."""
    shop, flow = shop_of(request), flow_of(request, "verify_contact")
    try:
        await erasure.confirm_and_erase(shop, customer, password, flow.flow if flow else "", code)
    except ShopError as refusal:
        return await _shown(request, customer, refusal)
    answer = go("/")
    take_away(answer, shop.settings)
    return answer


async def _shown(
    request: Request, customer: CustomerSubject, refusal: ShopError | None = None, done: str = ""
) -> Response:
    async with reading(shop_of(request).engine) as session:
        page = await open_page(request, session)
        standings = await consents.standings(session, customer.id)
        in_the_way = await erasure.standing(session, customer.id)
    refused = told(refusal, page.language) if refusal else None
    given = [
        (document, standings.get(name), is_given(document, standings.get(name)))
        for name, document in DOCUMENTS.items()
        if document.is_required or name in standings
    ]
    answer = page.show(
        "accounts/data.html",
        status=refused.status if refused else 200,
        section="account",
        back=HERE,
        documents=given,
        names=document_names(page.translate),
        asks_again=any(document.is_required and not agreed for document, _, agreed in given),
        in_the_way=in_the_way,
        may_erase=in_the_way == erasure.NOTHING,
        done=done,
        fault=refused.fault if refused else "",
    )
    if refused and refused.retry_after:
        answer.headers["Retry-After"] = refused.retry_after
    return answer
