"""JSON API of benefits for a shopper's app: what the customer owns, activating it at its provider, marking it used."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from transactional.benefits import launching, service
from transactional.benefits.errors import (
    ActivationUnderWayError,
    NotActivatableError,
    NotUsableError,
    SeveralProvidersError,
)
from transactional.benefits.launching import Wish
from transactional.benefits.queries import Wanted
from transactional.benefits.schemas import BenefitDetail, BenefitList, BenefitState, LaunchView, NewLaunch, UsedMark
from transactional.catalogue.offers import ProductKind
from transactional.db import reading, writing
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import NotFoundError, NotLoggedInError
from transactional.problems import responses
from transactional.shop import Shop

router = APIRouter()
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0)]


@router.get("/benefits", tags=["benefits"], responses=responses(NotLoggedInError))
async def list_benefits(
    customer: AsCustomer,
    shop: ShopHere,
    state: Annotated[list[BenefitState] | None, Query(description="Only these states; all without it")] = None,
    kind: Annotated[ProductKind | None, Query()] = None,
    search: Annotated[str, Query(max_length=80, description="In titles, SKU names and order numbers")] = "",
    limit: Limit = 50,
    offset: Offset = 0,
) -> BenefitList:
    """What you own, by state; what ends first comes first."""
    await catch_up(shop, customer.id)
    wanted = Wanted(tuple(state or service.ALL_STATES), kind, search.strip())
    async with reading(shop.engine) as session:
        return await service.benefits(session, customer.id, wanted, limit=limit, offset=offset)


@router.get("/benefits/{benefit_id}", tags=["benefits"], responses=responses(NotLoggedInError, NotFoundError))
async def show_benefit(benefit_id: UUID, customer: AsCustomer, session: Reading) -> BenefitDetail:
    """One of your benefits with its tutorial and history; without its code."""
    return await service.benefit(session, customer.id, benefit_id)


@router.post(
    "/benefits/launches",
    tags=["benefits"],
    status_code=201,
    responses=responses(
        NotLoggedInError, NotFoundError, NotActivatableError, SeveralProvidersError, ActivationUnderWayError
    ),
)
async def open_launch(
    body: NewLaunch, request: Request, customer: AsCustomer, session: Writing, shop: ShopHere
) -> LaunchView:
    """A way to the provider that activates these benefits; asked for again, the same way while it is unused."""
    wish = Wish(customer.id, body.benefit_ids, shop_address(shop, request))
    return await launching.launch(session, shop.vault, wish, shop.zone)


@router.put(
    "/benefits/{benefit_id}/used-mark",
    tags=["benefits"],
    responses=responses(NotLoggedInError, NotFoundError, NotUsableError),
)
async def mark_benefit(
    benefit_id: UUID, body: UsedMark, customer: AsCustomer, session: Writing, shop: ShopHere
) -> BenefitDetail:
    """Say that you have used it up, or not after all."""
    return await service.mark_used(session, customer.id, benefit_id, body.used, shop.zone)


async def catch_up(shop: Shop, customer_id: int) -> None:
    """What the customer just bought or gave back is seen at once; writes only when something is behind."""
    async with reading(shop.engine) as session:
        behind = await service.behind(session, customer_id)
    if behind:
        async with writing(shop.engine) as session:
            await service.bring_in_step(session, behind, shop.zone)


def shop_address(shop: Shop, request: Request) -> str:
    """Where customers reach the shop: as it is set, else as they reached it now."""
    return shop.settings.public_url or str(request.base_url)
