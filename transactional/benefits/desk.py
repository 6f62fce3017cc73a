"""Pages of the desk: customers' benefits for support staff, without codes; providers and whose products are theirs."""

from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from transactional.accounts import service as accounts
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.backoffice.roles import may
from transactional.benefits import following, providers, service
from transactional.benefits.providers import NewProvider
from transactional.benefits.queries import Wanted
from transactional.benefits.wording import cause_text, kind_texts, state_texts
from transactional.db import reading, writing
from transactional.errors import NotFoundError, ShopError
from transactional.idempotency import CommandKey, first_time
from transactional.web.page import Clerk, DeskPage, Page, go

A_PAGE = 100
may_see, may_mend = Depends(may("see_customers")), Depends(may("mend_benefits"))
may_configure = Depends(may("configure_providers"))
FormKey = Annotated[str, Form(min_length=8, max_length=160, pattern=r"^[\x21-\x7e]+$")]
Line = Annotated[str, Form(max_length=500)]

router = APIRouter(prefix="/desk", include_in_schema=False)


@router.get("/benefits", dependencies=[may_see])
async def find(page: DeskPage, who: Annotated[str, Query(max_length=254)] = "") -> Response:
    """By an order's number, a customer's id or e-mail address."""
    if not who.strip():
        return page.show("benefits/desk_find.html", tab="customers", who="", fault="")
    async with reading(page.shop.engine) as session:
        try:
            subject = await service.customer_named(session, who)
        except NotFoundError:
            fault = page.translate("Nobody is known by this.")
            return page.show("benefits/desk_find.html", status=404, tab="customers", who=who, fault=fault)
    address = subject.public_id if "@" in who else who.strip()
    return go(f"/desk/benefits/{address}")


@router.get("/benefits/{who}", dependencies=[may_see])
async def of_customer(
    page: DeskPage, who: str, number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1, done: bool = False
) -> HTMLResponse:
    """All that a customer owns; by an order's number, what came of that order."""
    offset = (number - 1) * A_PAGE
    async with reading(page.shop.engine) as session:
        subject = await service.customer_named(session, who)
        wanted = Wanted(service.ALL_STATES, None, who if _is_order(who) else "")
        found = await service.benefits(session, subject.id, wanted, limit=A_PAGE, offset=offset)
    return page.show(
        "benefits/desk_customer.html",
        tab="customers",
        subject=subject,
        who=who,
        of_order=_is_order(who),
        benefits=found.items,
        state_texts=state_texts(page.translate),
        kind_texts=kind_texts(page.translate),
        idempotency_key=uuid4().hex,
        done=done,
        page=number,
        more=offset + len(found.items) < found.total,
    )


@router.get("/benefits/one/{benefit_id}", dependencies=[may_see])
async def one(page: DeskPage, benefit_id: UUID) -> HTMLResponse:
    """A benefit's history, and what was learnt of the attempts to activate it."""
    async with reading(page.shop.engine) as session:
        benefit = await service.benefit_for_staff(session, benefit_id)
        attempts = await service.attempts(session, benefit_id)
    return page.show(
        "benefits/desk_benefit.html",
        tab="customers",
        benefit=benefit,
        state=state_texts(page.translate)[benefit.state],
        events=[(cause_text(each.cause, each.to_state, page.translate), each.happened_at) for each in benefit.events],
        attempts=attempts,
    )


@router.post("/benefits/{who}/resync", dependencies=[may_mend])
async def resync(page: DeskPage, clerk: Clerk, who: str, idempotency_key: FormKey) -> RedirectResponse:
    """Looks at all of a customer's benefits again and asks their providers; once for each rendered form."""
    async with writing(page.shop.engine) as session:
        subject = await service.customer_named(session, who)
        command = CommandKey(f"staff:{clerk.id}", f"desk:{idempotency_key}", f"resync {subject.public_id}")
        is_first = await first_time(session, command)
        if is_first:
            changed = await service.resync(session, subject.id, page.shop.zone)
            about = f"customer:{subject.public_id}"
            await accounts.record_act(session, clerk.id, "resync_benefits", about, detail={"changed": changed})
        asked = await following.of_customer(session, subject.id) if is_first else []
    await following.look(page.shop, asked)
    return go(f"/desk/benefits/{who}?done=true")


@router.get("/providers", dependencies=[may_configure])
async def configured(page: DeskPage) -> HTMLResponse:
    return await _providers(page)


@router.post("/providers", dependencies=[may_configure])
async def add_provider(
    page: DeskPage, clerk: Clerk, key: Line, name_zh: Line, name_en: Line, launch_url: Line, api_url: Line
) -> HTMLResponse:
    """The answer alone shows the secret. A form sent again meets its own provider's name."""
    new = NewProvider(key.strip(), name_zh, name_en, launch_url.strip(), api_url.strip())
    try:
        async with writing(page.shop.engine) as session:
            secret = await providers.add(session, page.shop.vault, new)
            await accounts.record_act(session, clerk.id, "add_provider", f"provider:{new.key}")
    except ShopError as refusal:
        return await _providers(page, form=new, refusal=refusal)
    return await _providers(page, secret=secret, of_key=new.key)


@router.post("/providers/{key}/secret", dependencies=[may_configure])
async def renew_secret(page: DeskPage, clerk: Clerk, key: str, idempotency_key: FormKey) -> HTMLResponse:
    """Another secret at once, shown by this answer alone."""
    async with writing(page.shop.engine) as session:
        command = CommandKey(f"staff:{clerk.id}", f"desk:{idempotency_key}", f"renew secret {key}")
        if not await first_time(session, command):
            return await _providers(page)
        secret = await providers.renew_secret(session, page.shop.vault, key)
        await accounts.record_act(session, clerk.id, "renew_provider_secret", f"provider:{key}")
    return await _providers(page, secret=secret, of_key=key)


@router.post("/providers/{key}/pause", dependencies=[may_configure])
async def pause_provider(page: DeskPage, clerk: Clerk, key: str, paused: Annotated[bool, Form()]) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await providers.pause(session, key, paused)
        await accounts.record_act(
            session, clerk.id, "pause_provider" if paused else "resume_provider", f"provider:{key}"
        )
    return go("/desk/providers")


@router.post("/providers/products", dependencies=[may_configure])
async def assign_product(
    page: DeskPage,
    clerk: Clerk,
    product_slug: Line,
    provider_key: Line = "",
    provider_product: Annotated[str, Form(max_length=100)] = "",
) -> HTMLResponse:
    """Where a product's benefits are activated; without a provider, nowhere any more."""
    try:
        async with writing(page.shop.engine) as session:
            product_id = await providers.product_id(session, product_slug.strip())
            await providers.assign(session, product_id, provider_key or None, provider_product.strip())
            detail = {"provider": provider_key}
            await accounts.record_act(session, clerk.id, "assign_provider", f"product:{product_slug}", detail=detail)
    except NotFoundError:
        return await _providers(page, fault=page.translate("There is no product or provider of this name."))
    return await _providers(page, done=page.translate("The product's provider is set."))


async def _providers(
    page: Page,
    *,
    form: NewProvider | None = None,
    refusal: ShopError | None = None,
    secret: str = "",
    of_key: str = "",
    done: str = "",
    fault: str = "",
) -> HTMLResponse:
    async with reading(page.shop.engine) as session:
        known, served = await providers.all_of(session), await providers.served(session)
    return page.show(
        "benefits/desk_providers.html",
        status=refusal.status if refusal else 422 if fault else 200,
        tab="providers",
        providers=known,
        served=served,
        form=form or NewProvider("", "", "", "", ""),
        faults=faults_of(refusal, page.language) if refusal else Faults(),
        fault=sentence_of(refusal, page.language) if refusal else fault,
        secret=secret,
        of_key=of_key,
        done=done,
        idempotency_key=uuid4().hex,
    )


def _is_order(who: str) -> bool:
    """Customers are named by a UUID or an address, orders by neither."""
    try:
        UUID(who)
    except ValueError:
        return "@" not in who
    return False
