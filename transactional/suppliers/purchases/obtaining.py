"""Buying one unit, from its claim to the supplier's first answer: each step in a transaction of its own.

A crash between two steps leaves a row from which `purchase_asking` goes on. Flows here take the engine and commit.
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from mingsuan import clock
from transactional import calls
from transactional.db import WriteSession, reading, writing
from transactional.orders import supplied
from transactional.shop import Shop
from transactional.suppliers.models import Offer, Purchase, SupplyChannel
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.protocols.configured import ConfigurationError
from transactional.suppliers.protocols.interface import Supply, SupplyAsk
from transactional.suppliers.purchases import breaker, queries
from transactional.suppliers.purchases import claiming as purchasing
from transactional.suppliers.purchases import endings as purchase_endings
from transactional.suppliers.purchases import facts as purchase_facts

GRACE_S = 5
"""How much longer than the channel's patience a call may take before others look after the purchase."""
MOST_TRIES = 12
"""Claims in one run; whatever needs more goes on in the next."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A purchase that is written down as submitted, and is to be sent now."""

    supply: Supply
    ask: SupplyAsk
    call_id: int
    patience_s: int


async def obtain(shop: Shop, fulfilment_id: int) -> None:
    """Buys a unit, from one channel after another, until it is bought, its outcome is open, or none may take it."""
    looked: set[int] = set()
    for _ in range(MOST_TRIES):
        async with writing(shop.engine) as session:
            claimed = await purchasing.claim(session, shop, fulfilment_id, clock.now(), looked=looked)
        if claimed.kind == "look" and claimed.offer_id is not None:
            await _look(shop, claimed.offer_id)
            looked.add(claimed.offer_id)
        elif claimed.kind == "buy" and claimed.purchase_id is not None:
            if await send(shop, claimed.purchase_id):
                return
        else:
            return


async def send(shop: Shop, purchase_id: int) -> bool:
    """Submits a claimed purchase and applies what comes back; False when it ended without a good.

    One that was submitted before is left alone.
    """
    ready = await _begin(shop, purchase_id)
    if ready is None:
        return False
    answer = await calls.attempt(lambda: ready.supply.submit(ready.ask), ready.patience_s + GRACE_S)
    fact = purchase_facts.said(answer, ready.ask.request_no)
    at = clock.now()
    async with writing(shop.engine) as session:
        await calls.end(session, ready.call_id, answer)
        if fact is None:
            purchase = await purchase_facts.silent(session, purchase_id, answer.reason, at)
        else:
            final_after_s = ready.supply.not_found_is_final_after_s
            purchase, _ = await purchase_facts.fact_found(session, shop, purchase_id, fact, "answer", at, final_after_s)
    if purchase.state == "failed":
        await _look_again(shop, purchase, at)
    return purchase.state != "failed"


async def send_or_obtain(shop: Shop, purchase_id: int) -> None:
    """Sends what was claimed; when that ends without a good, the unit is bought elsewhere."""
    async with reading(shop.engine) as session:
        fulfilment_id = (await session.get_one(Purchase, purchase_id)).fulfilment_id
    if not await send(shop, purchase_id):
        await obtain(shop, fulfilment_id)


async def _begin(shop: Shop, purchase_id: int) -> Ready | None:
    """Written down as submitted before it is; None when it was already, or its channel takes nothing now."""
    at = clock.now()
    async with writing(shop.engine) as session:
        purchase = await queries.locked(session, purchase_id)
        if purchase.state != "created":
            return None
        channel = await session.get_one(SupplyChannel, purchase.channel_id)
        if channel.state != "active" or not await breaker.lets_through(session, channel.id, at):
            await purchase_endings.give_up(session, shop, purchase, "channel_closed", at)
            return None
        try:
            supply = await shop.supplies.of(session, shop.vault, channel.id)
        except ConfigurationError as error:
            await breaker.silent(session, channel.id, at)
            await purchase_endings.give_up(session, shop, purchase, f"{error.field} {error.problem}"[:100], at)
            return None
        ask = await ask_of(session, shop, purchase)
        await _submitted(session, purchase, channel, at)
        call_id = await calls.begin(session, f"supplier:{channel.code}", "submit", purchase.request_no)
        return Ready(supply, ask, call_id, channel.patience_s)


async def _submitted(session: WriteSession, purchase: Purchase, channel: SupplyChannel, at: datetime) -> None:
    purchase.state, purchase.submitted_at = "submitted", at
    purchase.ask_at = at + timedelta(seconds=channel.patience_s + 2 * GRACE_S)
    await queries.note(session, purchase, "submitted", "created", at)


async def ask_of(session: WriteSession, shop: Shop, purchase: Purchase) -> SupplyAsk:
    """What is asked of the supplier, the same each time that it is asked."""
    channel = await session.get_one(SupplyChannel, purchase.channel_id)
    offer = await session.get_one(Offer, purchase.offer_id)
    unit = await supplied.unit(session, purchase.fulfilment_id)
    public_url = shop.settings.public_url
    return SupplyAsk(
        request_no=purchase.request_no,
        supplier_sku=offer.supplier_sku,
        quantity=purchase.quantity,
        currency=purchase.currency,
        max_unit_cost=purchase.unit_cost,
        fields=await supplied.answers_of(session, shop.vault, unit),
        callback_url=f"{public_url.rstrip('/')}/suppliers/{channel.public_id}/notices" if public_url else "",
    )


async def _look_again(shop: Shop, purchase: Purchase, at: datetime) -> None:
    """A refusal may mean another price or no stock: what the offer says now is asked for, so that others know."""
    if purchase.offer_id is not None and shop.supplies.may_look(purchase.offer_id, at):
        await _look(shop, purchase.offer_id)


async def _look(shop: Shop, offer_id: int) -> None:
    """What the offer says now; a channel whose settings cannot work is found out when it is bought from."""
    with suppress(ConfigurationError):
        await offers.look(shop.engine, shop.vault, offer_id)
