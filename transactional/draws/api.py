"""JSON API of draws: what there is, entering, and asking for a result. Chances, prizes and limits are beside it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query

from mingsuan import clock
from transactional.db import reading
from transactional.draws import api_views, chance_api, entries, holds, play_api, prize_api, receipts, rules, service
from transactional.draws.api_schemas import (
    DrawAsked,
    DrawDetail,
    DrawList,
    EntriesGiven,
    EntriesOfYours,
    EntryProof,
    NewEntries,
    NewHoldOfEntries,
)
from transactional.draws.entry_schemas import Entered, HoldView
from transactional.draws.errors import (
    DrawBusyError,
    DrawClosedError,
    DrawFullError,
    HoldEndedError,
    HoldPauseError,
    HoldsFullError,
    HoldTooLargeError,
    NotEnoughChancesError,
    ProofToComeError,
    TooManyEntriesError,
    WrongStakeError,
)
from transactional.draws.log import entry_proofs
from transactional.draws.play.errors import (
    CeilingError,
    LimitsFirstError,
    LossLimitError,
    ModeForbiddenError,
    ModeOffError,
    NotInYourCountryError,
    NotVerifiedAdultError,
    OwnLimitError,
    PausedFromPlayError,
)
from transactional.edge import AsCustomer, Reading, ShopHere, Writing
from transactional.errors import (
    IdempotencyKeyReusedError,
    InsufficientBalanceError,
    MissingIdempotencyKeyError,
    NotFoundError,
    NotLoggedInError,
    PriceChangedError,
)
from transactional.idempotency import CommandKey, Key, once
from transactional.problems import responses
from transactional.shop import Shop

router = APIRouter()
router.include_router(chance_api.router)
router.include_router(prize_api.router)
router.include_router(play_api.router)
Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1_000_000)]
Number = Annotated[int, Path(ge=rules.FIRST_SHOWN, le=2 * rules.FIRST_SHOWN, description="As people see it")]
MAY_NOT_ENTER = (
    ModeForbiddenError,
    ModeOffError,
    NotInYourCountryError,
    NotVerifiedAdultError,
    PausedFromPlayError,
    LimitsFirstError,
    OwnLimitError,
    LossLimitError,
    CeilingError,
)


@router.get("/draws", tags=["draws"], responses=responses())
async def list_draws(session: Reading, limit: Limit = 20, offset: Offset = 0) -> DrawList:
    """All draws that were ever opened, newest first, void ones too: their numbers have no gaps."""
    return await api_views.listed(session, clock.now(), limit, offset)


@router.get("/draws/{draw_id}", tags=["draws"], responses=responses(NotFoundError))
async def show_draw(draw_id: UUID, session: Reading) -> DrawDetail:
    """One draw with its rules, its counts and what came of it."""
    return await api_views.detailed(session, draw_id, clock.now())


@router.post(
    "/draws/{draw_id}/entries",
    tags=["draws"],
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotFoundError,
        DrawBusyError,
        DrawClosedError,
        DrawFullError,
        TooManyEntriesError,
        NotEnoughChancesError,
        WrongStakeError,
        HoldEndedError,
        PriceChangedError,
        InsufficientBalanceError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
        *MAY_NOT_ENTER,
    ),
)
async def enter_draw(draw_id: UUID, body: NewEntries, customer: AsCustomer, shop: ShopHere, key: Key) -> EntriesGiven:
    """Enter with chances, or a stake from the wallet: numbers and receipt at once, or refused with nothing paid."""
    entered = await shop.entering.enter(
        customer.id,
        draw_id,
        body.count,
        key,
        pay=body.pay,
        hold_id=body.hold_id,
        expected_stake_fen=body.expected_stake_fen,
    )
    return _with_receipt(shop, entered)


@router.get("/draws/{draw_id}/entries", tags=["draws"], responses=responses(NotLoggedInError, NotFoundError))
async def list_my_entries(
    draw_id: UUID, customer: AsCustomer, session: Reading, limit: Limit = 50, offset: Offset = 0
) -> EntriesOfYours:
    """Your own entries in a draw, range by range in the order of their numbers. Each has a receipt of its own."""
    draw = await api_views.opened(session, draw_id)
    mine = await entries.mine(session, draw.id, customer.id, limit, offset)
    total = await entries.ranges_of(session, draw.id, customer.id)
    return EntriesOfYours(items=tuple(api_views.entered(draw, entry) for entry in mine), total=total)


@router.get(
    "/draws/{draw_id}/entries/{entry_id}/receipt", tags=["draws"], responses=responses(NotLoggedInError, NotFoundError)
)
async def show_receipt(
    draw_id: UUID, entry_id: UUID, customer: AsCustomer, session: Reading, shop: ShopHere
) -> EntriesGiven:
    """One range of your entries with its receipt, the same as when it was accepted."""
    draw = await api_views.opened(session, draw_id)
    entry = await entries.own_range(session, draw.id, customer.id, entry_id)
    return _with_receipt(shop, api_views.entered(draw, entry))


@router.post(
    "/draws/{draw_id}/holds",
    tags=["draws"],
    status_code=201,
    responses=responses(
        NotLoggedInError,
        NotFoundError,
        DrawBusyError,
        DrawClosedError,
        HoldTooLargeError,
        HoldPauseError,
        HoldsFullError,
        DrawFullError,
        NotEnoughChancesError,
        InsufficientBalanceError,
        MissingIdempotencyKeyError,
        IdempotencyKeyReusedError,
        *MAY_NOT_ENTER,
    ),
)
async def hold_entries(
    draw_id: UUID, body: NewHoldOfEntries, customer: AsCustomer, session: Writing, shop: ShopHere, key: Key
) -> HoldView:
    """Keep room for a while, for what you could pay now; it has no numbers until you enter.

    An earlier hold in the draw is given up for it, and its end stays.
    """

    async def work() -> HoldView:
        return await holds.hold(session, customer.id, draw_id, body.count, shop.settings.hold_minutes)

    asked = CommandKey(f"customer:{customer.id}", key, f"hold {draw_id} {body.count}")
    return await once(session, asked, HoldView, work)


@router.delete(
    "/draw-holds/{hold_id}", tags=["draws"], status_code=204, responses=responses(NotLoggedInError, NotFoundError)
)
async def release_hold(hold_id: UUID, customer: AsCustomer, session: Writing) -> None:
    """Give it up; sent twice, it is the same."""
    await holds.release(session, customer.id, hold_id)


@router.post("/draws/{draw_id}/result", tags=["draws"], responses=responses(NotFoundError))
async def ask_for_result(draw_id: UUID, shop: ShopHere) -> DrawAsked:
    """Anybody may: once the deciding round is there, whoever asks first gets what everybody would get."""
    async with reading(shop.engine) as session:
        draw = await api_views.opened(session, draw_id)
    await service.decide(shop.engine, shop.beacons, draw.id)
    async with reading(shop.engine) as session:
        draw = await api_views.opened(session, draw_id)
    return DrawAsked.model_validate({"state": service.state_shown(draw, clock.now())})


@router.get(
    "/draws/{draw_id}/entries/{number}/proof",
    tags=["draws"],
    responses=responses(NotLoggedInError, NotFoundError, ProofToComeError),
)
async def prove_entry(
    draw_id: UUID, number: Number, customer: AsCustomer, session: Reading, shop: ShopHere
) -> EntryProof:
    """Where one of your entries is in the public log; there within a minute of its being accepted."""
    draw, index = await api_views.opened(session, draw_id), number - rules.FIRST_SHOWN
    if (await entries.range_at(session, draw.id, index)).customer_id != customer.id:
        raise NotFoundError
    proof = await entry_proofs.tlog_proof(session, shop.keeper, draw.id, draw.public_id, index)
    if proof is None:
        raise ProofToComeError
    return EntryProof(proof=proof)


def _with_receipt(shop: Shop, entered: Entered) -> EntriesGiven:
    receipt = receipts.of_range(
        shop.keeper,
        entered.draw_id,
        first=entered.first_index,
        count=entered.count,
        kind=entered.kind,
        user_ref=bytes.fromhex(entered.user_ref),
        nonce=bytes.fromhex(entered.nonce),
        second=entered.accepted_second,
    )
    return EntriesGiven(**entered.model_dump(), receipt=receipt)
