"""Pages of owning: my benefits by state, one with its history, its code by a deliberate act, the way to a provider."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, RedirectResponse

from mingsuan import clock
from transactional.benefits import bindings, following, launching, service
from transactional.benefits.api import catch_up, shop_address
from transactional.benefits.launching import Wish
from transactional.benefits.queries import Wanted
from transactional.benefits.schemas import AT_ONCE, BenefitDetail
from transactional.benefits.wording import cause_text, is_soon_over, kind_texts, state_texts, time_left
from transactional.cards import service as cards
from transactional.cards.schemas import RevealedCode
from transactional.db import reading, writing
from transactional.errors import NotFoundError
from transactional.web.page import Buyer, OpenPage, Page, go

A_PAGE = 50
StateFilter = Literal["", "over", "pending", "ready", "revealed", "activated", "used", "expired", "revoked"]
KindFilter = Literal["", "card_code", "membership", "api_topup", "manual_service", "physical"]

router = APIRouter(prefix="/benefits", include_in_schema=False)


@router.get("")
async def my_benefits(
    page: OpenPage,
    buyer: Buyer,
    state: StateFilter = "",
    kind: KindFilter = "",
    q: Annotated[str, Query(max_length=80)] = "",
    number: Annotated[int, Query(alias="page", ge=1, le=10_000)] = 1,
) -> HTMLResponse:
    """What is live, unless something else is asked for."""
    await catch_up(page.shop, buyer.id)
    states = {"": service.OWNED, "over": service.OVER}.get(state, (state,))
    offset = (number - 1) * A_PAGE
    async with reading(page.shop.engine) as session:
        wanted = Wanted(states, kind or None, q.strip())
        found = await service.benefits(session, buyer.id, wanted, limit=A_PAGE, offset=offset)
        counts = await service.counts(session, buyer.id)
        accounts = await bindings.accounts(session, page.shop.vault, buyer.id)
    at, texts = clock.now(), state_texts(page.translate)
    return page.show(
        "benefits/benefits.html",
        section="benefits",
        groups=[(key, [each for each in found.items if each.state == key]) for key in texts],
        total=found.total,
        owns_any=bool(counts),
        counts=counts,
        live_count=sum(counts.get(each, 0) for each in service.OWNED),
        over_count=sum(counts.get(each, 0) for each in service.OVER),
        state_texts=texts,
        kind_texts=kind_texts(page.translate),
        left={each.id: time_left(each, at, page.translate) for each in found.items},
        soon={each.id for each in found.items if is_soon_over(each, at)},
        activatable=sum(each.is_activatable for each in found.items),
        accounts=accounts,
        wanted={"state": state, "kind": kind, "q": q},
        page=number,
        more=offset + len(found.items) < found.total,
    )


@router.get("/launches/{launch_id}")
async def way_to_provider(page: OpenPage, buyer: Buyer, launch_id: UUID) -> HTMLResponse:
    """Sends the browser on to the provider; a form may not redirect there itself (Content-Security-Policy)."""
    async with reading(page.shop.engine) as session:
        way = await launching.way_of(session, page.shop.vault, buyer.id, launch_id)
    return page.show("benefits/way.html", section="benefits", way=way)


@router.get("/returns/{launch_id}")
async def back_from_provider(page: OpenPage, buyer: Buyer, launch_id: UUID) -> RedirectResponse:
    """The provider sent the customer back: it is asked at once, so that they see how it ended."""
    async with reading(page.shop.engine) as session:
        mine = await launching.benefits_of(session, buyer.id, launch_id)
        asked = await following.of_launch(session, buyer.id, launch_id)
    await following.look(page.shop, asked)
    return go(f"/benefits/{mine[0]}" if len(mine) == 1 else "/benefits")


@router.post("/activate")
async def activate(
    page: OpenPage,
    buyer: Buyer,
    chosen: Annotated[list[UUID] | None, Form(max_length=A_PAGE)] = None,
    only: Annotated[UUID | None, Form()] = None,
) -> RedirectResponse:
    """One or several benefits to their provider; sent twice, it is the same way."""
    ids = [only] if only else list(chosen or [])[:AT_ONCE]
    if not ids:
        return go("/benefits")
    async with writing(page.shop.engine) as session:
        wish = Wish(buyer.id, ids, shop_address(page.shop, page.request))
        way = await launching.launch(session, page.shop.vault, wish, page.shop.zone)
    return go(f"/benefits/launches/{way.id}")


@router.post("/accounts/{account_id}/remove")
async def remove_account(page: OpenPage, buyer: Buyer, account_id: UUID) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await bindings.remove(session, buyer.id, account_id)
    return go("/benefits")


@router.get("/{benefit_id}")
async def one_benefit(page: OpenPage, buyer: Buyer, benefit_id: UUID) -> HTMLResponse:
    await catch_up(page.shop, buyer.id)
    async with reading(page.shop.engine) as session:
        found = await service.benefit(session, buyer.id, benefit_id)
    return _shown(page, found, None)


@router.post("/{benefit_id}/reveal")
async def reveal(page: OpenPage, buyer: Buyer, benefit_id: UUID) -> HTMLResponse:
    """The benefit with its code in clear. Only this answer to a POST ever holds it, and it is never cached."""
    async with writing(page.shop.engine) as session:
        found = await service.benefit(session, buyer.id, benefit_id)
        if not found.is_revealable:
            raise NotFoundError
        code = await cards.reveal(session, page.shop.vault, buyer.id, found.fulfilment_id)
    await catch_up(page.shop, buyer.id)
    async with reading(page.shop.engine) as session:
        found = await service.benefit(session, buyer.id, benefit_id)
    return _shown(page, found, code)


@router.post("/{benefit_id}/used")
async def mark_used(page: OpenPage, buyer: Buyer, benefit_id: UUID, used: Annotated[bool, Form()]) -> RedirectResponse:
    async with writing(page.shop.engine) as session:
        await service.mark_used(session, buyer.id, benefit_id, used, page.shop.zone)
    return go(f"/benefits/{benefit_id}")


@router.post("/{benefit_id}/ask")
async def ask_provider(page: OpenPage, buyer: Buyer, benefit_id: UUID) -> RedirectResponse:
    """The provider is asked now, though not more than once in a moment."""
    async with reading(page.shop.engine) as session:
        await service.benefit(session, buyer.id, benefit_id)
        asked = await following.of_benefit(session, buyer.id, benefit_id)
    await following.look(page.shop, asked)
    return go(f"/benefits/{benefit_id}")


def _shown(page: Page, benefit: BenefitDetail, code: RevealedCode | None) -> HTMLResponse:
    at = clock.now()
    return page.show(
        "benefits/benefit.html",
        section="benefits",
        benefit=benefit,
        code=code,
        state=state_texts(page.translate)[benefit.state],
        kind=kind_texts(page.translate).get(benefit.kind, ""),
        left=time_left(benefit, at, page.translate),
        soon=is_soon_over(benefit, at),
        events=[(cause_text(each.cause, each.to_state, page.translate), each.happened_at) for each in benefit.events],
        back=f"/benefits/{benefit.id}",
    )
