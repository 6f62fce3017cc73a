"""Where a bought good goes: sealed to the order that waits for it, or into stock when the order no longer does.

A code that the shop has seen before, sold or stocked, is no good: its supplier sold it twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from transactional.cards import service as cards
from transactional.cards.taking_in import take_in
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.ledger.rules import Posting
from transactional.orders import supplied
from transactional.orders.fulfilment_queries import Unit
from transactional.orders.handing_over import Source
from transactional.shop import Shop
from transactional.suppliers.models import Purchase
from transactional.suppliers.protocols.interface import SuppliedCode, SupplyFact
from transactional.suppliers.purchases import money, queries
from transactional.suppliers.purchases.queries import Channel


@dataclass(frozen=True, slots=True)
class Bought:
    """A purchase and its unit, both locked, what was learnt of it, by whom and when, and over which channel."""

    purchase: Purchase
    unit: Unit
    fact: SupplyFact
    found_by: str
    at: datetime
    channel: Channel


async def is_sold_before(session: ReadSession, vault: Vault, codes: Sequence[SuppliedCode]) -> bool:
    """Whether one of the codes came to the shop before, from whomever."""
    if not codes:
        return False
    return bool(await queries.known_codes(session, [vault.fingerprint(code.content) for code in codes]))


async def deliver(session: WriteSession, shop: Shop, bought: Bought) -> Posting | None:
    """The good to its order; what is to be posted when the order gave its money back meanwhile."""
    purchase, unit, at = bought.purchase, bought.unit, bought.at
    if supplied.is_wanted(unit):
        if bought.fact.codes:
            await _seal(session, shop, bought)
        source = Source(bought.channel.supplier_id, bought.channel.id)
        await supplied.hand_over(session, unit, purchase.cost_fen, at, shop.zone, source)
        return None
    if bought.fact.codes:
        await _take_in(session, shop, bought)
        return money.to_stock(purchase, bought.channel, at)
    return money.lost(purchase, unit, bought.channel, at)  # it reached somebody whose money went back


async def deliver_late(session: WriteSession, shop: Shop, bought: Bought, *, is_wanted: bool) -> None:
    """The good of a written-off purchase: a code is stock, and given to the order if that still waits."""
    if bought.fact.codes:
        await _take_in(session, shop, bought)
        if is_wanted:
            await supplied.give_from_stock(session, bought.unit, bought.at, shop.zone)
    elif is_wanted:
        cost_fen = bought.purchase.cost_fen
        await supplied.hand_over_from_inventory(session, bought.unit, cost_fen, bought.at, shop.zone)


async def _seal(session: WriteSession, shop: Shop, bought: Bought) -> None:
    content = "\n".join(code.content for code in bought.fact.codes)
    await cards.seal_delivery(session, shop.vault, bought.unit.fulfilment_id, content, None)
    sealed = await queries.sealed_delivery(session, bought.unit.fulfilment_id)
    for code in bought.fact.codes:
        fingerprint = shop.vault.fingerprint(code.content)
        await queries.keep_code(session, bought.purchase.id, fingerprint, code.expires_at, sealed_delivery_id=sealed)


async def _take_in(session: WriteSession, shop: Shop, bought: Bought) -> None:
    supplier = (bought.channel.supplier_id, bought.channel.supplier_name or "")
    codes = [(code.content, code.expires_at) for code in bought.fact.codes]
    about = (bought.unit.sku_id, codes, bought.purchase.cost_fen, supplier, bought.at)
    taken = await take_in(session, shop.vault, *about)
    for code in bought.fact.codes:
        fingerprint, card_id = shop.vault.fingerprint(code.content), taken[code.content]
        await queries.keep_code(session, bought.purchase.id, fingerprint, code.expires_at, card_id=card_id)
