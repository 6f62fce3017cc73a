"""JSON API of chances: how free entries are earned, and what is left of them."""

from uuid import UUID

from fastapi import APIRouter

from mingsuan import clock
from mingsuan.clock import business_date
from transactional.db import ReadSession
from transactional.draws import chances
from transactional.draws.api_schemas import ChanceList, NewInvitation
from transactional.draws.errors import DrawClosedError, EarnedBeforeError, NoFreeRouteError, NotInvitedError
from transactional.draws.play.errors import NotInYourCountryError, NotVerifiedAdultError, PausedFromPlayError
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import NotFoundError, NotLoggedInError
from transactional.problems import responses
from transactional.shop import Shop

router = APIRouter(tags=["draws"])


@router.get("/draw-chances", responses=responses(NotLoggedInError))
async def list_chances(customer: AsCustomer, session: Reading, shop: ShopHere) -> ChanceList:
    """Free entries that you earned and did not use yet; the first to expire come first."""
    return await _mine(session, shop, customer.id)


@router.post("/draw-chances/check-ins", status_code=201, responses=responses(NotLoggedInError, EarnedBeforeError))
async def check_in(customer: AsCustomer, session: Writing, shop: ShopHere) -> ChanceList:
    """One chance for having come today; a second time today it is refused."""
    await chances.check_in(session, customer.id, business_date(clock.now(), shop.zone))
    return await _mine(session, shop, customer.id)


@router.post(
    "/draw-chances/invitations",
    status_code=201,
    responses=responses(NotLoggedInError, NotInvitedError, EarnedBeforeError),
)
async def name_inviter(body: NewInvitation, customer: AsCustomer, session: Writing, shop: ShopHere) -> ChanceList:
    """Say, once and after an order worth a chance was delivered, who invited you: they earn a chance."""
    await chances.invited(session, customer.id, body.inviter_id, shop.settings.draw_chance_fen)
    return await _mine(session, shop, customer.id)


@router.post(
    "/draws/{draw_id}/free-entries",
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotFoundError,
        NoFreeRouteError,
        DrawClosedError,
        EarnedBeforeError,
        NotInYourCountryError,
        NotVerifiedAdultError,
        PausedFromPlayError,
    ),
)
async def take_free_route(draw_id: UUID, customer: AsCustomer, session: Writing, shop: ShopHere) -> ChanceList:
    """One chance in this draw for nothing, once a day; use it like any other chance."""
    await chances.free_route(session, customer.id, draw_id, business_date(clock.now(), shop.zone))
    return await _mine(session, shop, customer.id)


async def _mine(session: ReadSession, shop: Shop, customer_id: int) -> ChanceList:
    at = clock.now()
    left = await chances.of(session, customer_id, at)
    is_done = await chances.checked_in(session, customer_id, business_date(at, shop.zone))
    return ChanceList(items=tuple(left), checked_in_today=is_done)
