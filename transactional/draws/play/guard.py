"""Where draws ask whether they may be opened, entered, or entered by the shop itself; nothing gets past it.

What the rules are is in `profiles`, how they are weighed in `rules`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from transactional.db import ReadSession, WriteSession
from transactional.draws.play import queries
from transactional.draws.play.errors import HouseRuleMissingError
from transactional.draws.play.profiles import PROFILES, WINDOWS, of_country
from transactional.draws.play.rules import Place, Player, Terms, why_not_entered, why_not_held
from transactional.errors import NotFoundError, ShopError


class Announced(Terms, Protocol):
    """Of a draw, what it said before the first entry about the shop's own."""

    house_rule: str


@dataclass(frozen=True, slots=True)
class Wish:
    """Somebody wants to enter; `stake_fen` 0 for free."""

    customer_id: int
    stake_fen: int


async def may_open(session: ReadSession, draw: Terms, at: datetime) -> None:
    """Raises ModeForbiddenError, ModeOffError, PrizeTooDearError, CapUnknownError, FreeRouteMissingError and
    RulesMissingError."""
    refusal = why_not_held(PROFILES[draw.profile], draw, await queries.place(session, at))
    if refusal is not None:
        raise refusal


async def may_enter(session: WriteSession, customer_id: int, draw: Terms, stake_fen: int, at: datetime) -> None:
    """Locks the customer's wallet when there is a stake. Raises what `play.errors` has, NotFoundError."""
    (refusal,) = await refusals(session, draw, [Wish(customer_id, stake_fen)], at)
    if refusal is not None:
        raise refusal


async def refusals(session: WriteSession, draw: Terms, wishes: Sequence[Wish], at: datetime) -> list[ShopError | None]:
    """For each wish in turn, None when it may be; earlier ones of the same customer count. Locks wallets by id."""
    staking = {wish.customer_id for wish in wishes if wish.stake_fen}
    if staking:
        await queries.lock(session, staking)
    return await refusals_of_many(session, [(draw, wish) for wish in wishes], at)


async def refusals_of_many(
    session: WriteSession, wishes: Sequence[tuple[Terms, Wish]], at: datetime
) -> list[ShopError | None]:
    """The same for wishes in several draws: what is known of customers is read once for all.

    The caller has locked the wallets of those who stake.
    """
    return await _weighed(session, wishes, at)


async def why_not(
    session: ReadSession, customer_id: int, draw: Terms, stake_fen: int, at: datetime
) -> ShopError | None:
    """For a page, before anybody sends a form: what would be refused now. Locks nothing."""
    return (await _weighed(session, [(draw, Wish(customer_id, stake_fen))], at))[0]


def may_enter_for_house(draw: Announced) -> None:
    """Raises HouseRuleMissingError unless the opening said what the shop's own entries may do."""
    if not draw.house_rule.strip():
        raise HouseRuleMissingError


async def _weighed(session: ReadSession, wishes: Sequence[tuple[Terms, Wish]], at: datetime) -> list[ShopError | None]:
    place = await queries.place(session, at)
    with_stakes = any(wish.stake_fen for _, wish in wishes)
    players = await queries.players(session, (wish.customer_id for _, wish in wishes), at, with_stakes=with_stakes)
    found: list[ShopError | None] = []
    for draw, wish in wishes:
        player = players.get(wish.customer_id)
        refusal = NotFoundError() if player is None else _one(draw, player, wish.stake_fen, place, at)
        if player is not None and refusal is None:
            players[wish.customer_id] = _after(player, wish.stake_fen)
        found.append(refusal)
    return found


def _one(draw: Terms, player: Player, stake_fen: int, place: Place, at: datetime) -> ShopError | None:
    profiles = (PROFILES[draw.profile], of_country(player.country))
    return why_not_entered(profiles, draw, player, stake_fen, place, at)


def _after(player: Player, stake_fen: int) -> Player:
    return replace(player, spent_fen={kind: player.spent_fen.get(kind, 0) + stake_fen for kind in WINDOWS})
