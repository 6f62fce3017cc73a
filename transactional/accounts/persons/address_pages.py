"""Pages of a customer's addresses: the list, and the form of one."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Form
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transactional.accounts.persons import addresses, personal
from transactional.accounts.persons.address_rules import FIELDS, PROVINCES
from transactional.accounts.persons.contacts import masked, national
from transactional.accounts.persons.schemas import AddressSaved
from transactional.db import writing
from transactional.errors import ShopError
from transactional.idempotency import CommandKey, once
from transactional.web.page import Buyer, OpenPage, Page, PageReading, go, own_address

router = APIRouter(prefix="/addresses", include_in_schema=False)
HOME = "/addresses"
Key = Annotated[str, Form(min_length=8, max_length=190)]
Next = Annotated[str, Form(max_length=2000)]


@router.get("")
async def listed(page: OpenPage, buyer: Buyer, session: PageReading) -> HTMLResponse:
    found = await addresses.list_of(session, page.shop.vault, buyer.id)
    return page.show(
        "accounts/addresses.html", section="account", addresses=found, masked=masked, at_most=addresses.AT_MOST
    )


@router.get("/new")
async def blank(page: OpenPage, buyer: Buyer, next: str = HOME) -> HTMLResponse:  # noqa: A002, ARG001
    return _form(page, {}, next)


@router.post("/new")
async def add(page: OpenPage, buyer: Buyer, idempotency_key: Key, next: Next = HOME) -> Response:  # noqa: A002
    """Once for each rendered form, however often it is sent."""
    given = await _given(page)
    default = "is_default" in await page.request.form()
    vault = page.shop.vault
    asked = personal.index(vault, "new-address", repr(sorted(given.items()))).hex()
    try:
        async with writing(page.shop.engine) as session:

            async def work() -> AddressSaved:
                return AddressSaved(id=await addresses.add(session, vault, buyer.id, given, default=default))

            command = CommandKey(f"customer:{buyer.id}", idempotency_key, f"address {asked}")
            await once(session, command, AddressSaved, work)
    except ShopError as refusal:
        return _form(page, given, next, refusal=refusal, is_default=default)
    return go(own_address(next, HOME))


@router.get("/{address_id}")
async def filled(page: OpenPage, buyer: Buyer, session: PageReading, address_id: UUID) -> HTMLResponse:
    found = await addresses.one(session, page.shop.vault, buyer.id, address_id)
    values = {**{name: getattr(found, name) for name in FIELDS}, "phone": national(found.phone)}
    return _form(page, values, HOME, address_id, is_default=found.is_default)


@router.post("/{address_id}")
async def change(page: OpenPage, buyer: Buyer, address_id: UUID) -> Response:
    given = await _given(page)
    default = "is_default" in await page.request.form()
    try:
        async with writing(page.shop.engine) as session:
            await addresses.change(session, page.shop.vault, buyer.id, address_id, given)
            if default:
                await addresses.make_default(session, buyer.id, address_id)
    except ShopError as refusal:
        if not refusal.problems:
            raise
        return _form(page, given, HOME, address_id, refusal=refusal, is_default=default)
    return go(HOME)


@router.post("/{address_id}/default")
async def make_default(page: OpenPage, buyer: Buyer, address_id: UUID) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await addresses.make_default(session, buyer.id, address_id)
    return go(HOME)


@router.post("/{address_id}/removal")
async def remove(page: OpenPage, buyer: Buyer, address_id: UUID) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await addresses.remove(session, buyer.id, address_id)
    return go(HOME)


async def _given(page: Page) -> dict[str, str]:
    form = await page.request.form()
    return {name: str(form.get(name, "")).strip() for name in FIELDS}


def _form(
    page: Page,
    values: dict[str, str],
    address: str,
    address_id: UUID | None = None,
    *,
    refusal: ShopError | None = None,
    is_default: bool = False,
) -> HTMLResponse:
    """The form under a new key, with a reason at each field that needs one."""
    faults = dict.fromkeys(FIELDS, "")
    faults |= {problem.place: problem.sentence(page.language) for problem in refusal.problems} if refusal else {}
    return page.show(
        "accounts/address.html",
        status=refusal.status if refusal else 200,
        section="account",
        address_id=address_id,
        values={**dict.fromkeys(FIELDS, ""), **values},
        faults=faults,
        fault=refusal.sentence(page.language) if refusal else "",
        provinces=PROVINCES,
        is_default=is_default,
        next=own_address(address, HOME),
        idempotency_key=uuid4().hex,
        back=f"{HOME}/{address_id}" if address_id else f"{HOME}/new",
    )
