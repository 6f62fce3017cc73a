"""What a purchase posts as it moves. Purchases from the own pool and by people post nothing here.

Called last in a transaction: all purchases from a supplier meet in its balance, which stays locked until the commit.
"""

from datetime import datetime

from transactional.db import WriteSession
from transactional.ledger import supplier_rules as postings
from transactional.ledger.rules import Posting
from transactional.orders.fulfilment_queries import Unit
from transactional.shop import Shop
from transactional.suppliers.models import Purchase
from transactional.suppliers.money import balances
from transactional.suppliers.purchases.queries import Channel


def _of(channel: Channel) -> dict[str, int | None]:
    return {"supplier_id": channel.supplier_id, "channel_id": channel.id}


def submitted(purchase: Purchase, channel: Channel, at: datetime) -> Posting:
    return postings.purchase_submitted(purchase.id, purchase.cost_fen, purchase.prepaid, at, **_of(channel))


def failed(purchase: Purchase, channel: Channel, at: datetime) -> Posting:
    return postings.purchase_failed(purchase.id, purchase.cost_fen, purchase.prepaid, at, **_of(channel))


def settled(purchase: Purchase, channel: Channel, difference_fen: int, at: datetime) -> Posting:
    """The supplier took another amount than was set aside."""
    return postings.purchase_cost_settled(purchase.id, difference_fen, purchase.prepaid, at, **_of(channel))


def lost(purchase: Purchase, unit: Unit, channel: Channel, at: datetime) -> Posting:
    return postings.purchase_written_off(purchase.id, purchase.cost_fen, unit.item_id, at, **_of(channel))


def to_stock(purchase: Purchase, channel: Channel, at: datetime) -> Posting:
    return postings.purchase_succeeded_after_refund(purchase.id, purchase.cost_fen, at, **_of(channel))


def late_failed(purchase: Purchase, unit: Unit, channel: Channel, at: datetime) -> Posting:
    prepaid = purchase.prepaid
    return postings.written_off_purchase_failed(
        purchase.id, purchase.cost_fen, prepaid, unit.item_id, at, **_of(channel)
    )


def late_delivered(purchase: Purchase, unit: Unit, channel: Channel, at: datetime) -> Posting:
    return postings.written_off_purchase_delivered(purchase.id, purchase.cost_fen, unit.item_id, at, **_of(channel))


async def post(session: WriteSession, shop: Shop, channel: Channel, *made: Posting) -> None:
    """Writes what carries money, and moves the supplier's balance."""
    if channel.is_asked and any(made):
        await balances.post(session, [posting for posting in made if posting], shop.zone)
