"""JSON API of prizes: what a customer won, claiming it, and the code that was won."""

from uuid import UUID

from fastapi import APIRouter

from mingsuan import clock
from transactional.draws import api_views, service
from transactional.draws.api_schemas import NewClaim, PrizeCode, PrizeList, PrizeWon
from transactional.draws.errors import AddressNeededError, ClaimOverError, NotWinnersTicketError
from transactional.draws.models import Draw
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import NotFoundError, NotLoggedInError
from transactional.problems import responses

router = APIRouter(tags=["draws"])


@router.get("/draw-prizes", responses=responses(NotLoggedInError))
async def list_prizes(customer: AsCustomer, session: Reading) -> PrizeList:
    """What you won, newest first."""
    return await api_views.prizes(session, customer.id)


@router.post(
    "/draw-prizes/{prize_id}/claim",
    responses=responses(NotLoggedInError, NotFoundError, NotWinnersTicketError, ClaimOverError, AddressNeededError),
)
async def claim_prize(
    prize_id: UUID, body: NewClaim, customer: AsCustomer, session: Writing, shop: ShopHere
) -> PrizeWon:
    """Say that you want it, in time; a parcel needs an address. Sent twice, it is the same."""
    won = await service.claim(session, shop.vault, prize_id, customer.id, clock.now(), address_id=body.address_id)
    return api_views.prize_won(await session.get_one(Draw, won.draw_id), won)


@router.post("/draw-prizes/{prize_id}/code", responses=responses(NotLoggedInError, NotFoundError))
async def show_prize_code(prize_id: UUID, customer: AsCustomer, session: Writing, shop: ShopHere) -> PrizeCode:
    """The code that you won, once it was handed over."""
    code = await service.prize_code(session, shop.vault, prize_id, customer.id, clock.now())
    return PrizeCode(code=code)
