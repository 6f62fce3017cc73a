"""What a supplier says of a purchase, applied once, whoever brought it: the answer, a callback, a query.

In the caller's transaction, the order locked before the purchase.
"""

from datetime import datetime

from transactional.alerts.service import raise_alert
from transactional.calls import Answer
from transactional.db import WriteSession
from transactional.orders import supplied
from transactional.orders.fulfilment_queries import Unit
from transactional.shop import Shop
from transactional.suppliers import service
from transactional.suppliers.models import Purchase
from transactional.suppliers.offers.rate_rules import own_rate
from transactional.suppliers.protocols.interface import NOT_SENT, SupplyFact, SupplyState
from transactional.suppliers.purchases import breaker, delivering, money, queries
from transactional.suppliers.purchases import rules as purchase_rules
from transactional.suppliers.purchases.delivering import Bought
from transactional.suppliers.purchases.moves import end, learn, move
from transactional.suppliers.purchases.rules import SOLD_BEFORE, Meaning

CONTRADICTED = "purchase_contradicted"
LOST_GOOD = "purchase_to_refunded"


def said(answer: Answer[SupplyFact], request_no: str) -> SupplyFact | None:
    """What a submission's answer means; None when it proves nothing."""
    if answer.outcome == "refused":
        return SupplyFact("failed", request_no, code=answer.code, reason=answer.reason)
    return answer.value


async def locked(session: WriteSession, purchase_id: int) -> tuple[Unit, Purchase]:
    """The purchase and its unit, which nobody else can move until the transaction ends."""
    known = await session.get_one(Purchase, purchase_id)
    unit = await supplied.locked(session, known.fulfilment_id)
    return unit, await queries.locked(session, purchase_id)


async def fact_found(
    session: WriteSession,
    shop: Shop,
    purchase_id: int,
    fact: SupplyFact,
    found_by: str,
    at: datetime,
    final_after_s: int | None,
) -> tuple[Purchase, Meaning]:
    """Applies a fact as the supplier books it; the same again changes nothing. The purchase as it is then.

    `final_after_s`: the protocol's `not_found_is_final_after_s`.
    """
    unit, purchase = await locked(session, purchase_id)
    meaning = purchase_rules.meaning_of(
        purchase.state,
        _state(fact),
        is_final=purchase_rules.is_final(purchase.submitted_at, at, final_after_s),
        is_spoilt=purchase.outcome_code == SOLD_BEFORE,
    )
    await _heard(session, purchase, fact, at)
    if meaning != "nothing":
        purchase.supplier_ref = fact.supplier_ref or purchase.supplier_ref
        channel = await queries.channel(session, purchase.channel_id)
        await _apply(session, shop, Bought(purchase, unit, fact, found_by, at, channel), meaning)
    return purchase, meaning


async def silent(session: WriteSession, purchase_id: int, reason: str, at: datetime) -> Purchase:
    """A submission ended without an answer that can be trusted: only a query tells."""
    _, purchase = await locked(session, purchase_id)
    await breaker.silent(session, purchase.channel_id, at)
    if purchase.state == "submitted":
        await learn(session, purchase, "unknown", at)
        await move(session, purchase, "unknown", "no_answer", at, reason=reason[:300])
        await _ask_soon(session, purchase, at)
    return purchase


async def _heard(session: WriteSession, purchase: Purchase, fact: SupplyFact, at: datetime) -> None:
    """The supplier works; not so when an adapter says itself that it could not be reached."""
    if fact.code == NOT_SENT:
        await breaker.silent(session, purchase.channel_id, at)
    else:
        await breaker.answered(session, purchase.channel_id)


def _state(fact: SupplyFact) -> SupplyState:
    """A success that brought nothing is a failure."""
    return "failed" if fact.state == "succeeded" and fact.good_quantity == 0 else fact.state


async def _apply(session: WriteSession, shop: Shop, bought: Bought, meaning: Meaning) -> None:
    purchase, at = bought.purchase, bought.at
    if meaning == "succeeded":
        await _succeed(session, shop, bought)
    elif meaning == "failed":
        await _fail(session, shop, bought)
    elif meaning == "progress":
        await _accepted(session, purchase, at)
    elif meaning == "unclear" and purchase.state == "submitted":
        await move(session, purchase, "unknown", "not_found_yet", at)
    elif meaning == "late_failed":
        await move(session, purchase, "late_failed", "late_failed", at, found_by=bought.found_by)
        await money.post(session, shop, bought.channel, money.late_failed(purchase, bought.unit, bought.channel, at))
    elif meaning == "late_succeeded":
        await _late_succeeded(session, shop, bought)
    elif meaning == "contradiction":
        await _contradicted(session, bought)


async def _accepted(session: WriteSession, purchase: Purchase, at: datetime) -> None:
    """It has it, and its end is to come: by a callback, or else by asking."""
    if purchase.state != "processing":
        await move(session, purchase, "processing", "accepted", at)
        await _ask_soon(session, purchase, at)


async def _ask_soon(session: WriteSession, purchase: Purchase, at: datetime) -> None:
    purchase.ask_at = purchase_rules.ask_at(purchase.times_asked, at)
    await session.flush()
    await service.ask(session, purchase.id, purchase.ask_at)


async def _succeed(session: WriteSession, shop: Shop, bought: Bought) -> None:
    purchase, at, channel = bought.purchase, bought.at, bought.channel
    if not bought.fact.codes and bought.unit.kind == "card_code":
        await _accepted(session, purchase, at)  # the codes are still to come
        return
    if await delivering.is_sold_before(session, shop.vault, bought.fact.codes):
        await _sold_before(session, shop, bought)
        return
    difference_fen = _settle(shop, bought)
    await learn(session, purchase, "succeeded", at)
    await end(session, purchase, "succeeded", "succeeded", at, found_by=bought.found_by, cost_fen=purchase.cost_fen)
    unwanted = await delivering.deliver(session, shop, bought)
    if unwanted is not None and not bought.fact.codes:
        await raise_alert(session, LOST_GOOD, f"purchase:{purchase.public_id}", "warning", _told(purchase))
    difference = money.settled(purchase, channel, difference_fen, at)
    await money.post(session, shop, channel, difference, *([unwanted] if unwanted else []))


async def _sold_before(session: WriteSession, shop: Shop, bought: Bought) -> None:
    """The supplier charges for a code that it sold before: a loss to be claimed; the order gets another."""
    purchase, at, channel = bought.purchase, bought.at, bought.channel
    difference_fen = _settle(shop, bought)
    purchase.outcome_code = SOLD_BEFORE
    await learn(session, purchase, "succeeded", at, defective=True)
    await end(session, purchase, "written_off", SOLD_BEFORE, at, found_by=bought.found_by)
    await raise_alert(session, SOLD_BEFORE, f"purchase:{purchase.public_id}", "critical", _told(purchase))
    await service.obtain(session, [purchase.fulfilment_id])
    difference = money.settled(purchase, channel, difference_fen, at)
    await money.post(session, shop, channel, difference, money.lost(purchase, bought.unit, channel, at))


def _settle(shop: Shop, bought: Bought) -> int:
    """The purchase costs what the supplier took; by how much that is more than was set aside."""
    purchase, fact = bought.purchase, bought.fact
    fen_per = purchase.exchange_rate * own_rate(shop.currency)
    expected_fen = purchase.cost_fen
    purchase.cost_fen = purchase_rules.cost_in_fen(fact.cost, fact.currency, purchase.currency, fen_per, expected_fen)
    return purchase.cost_fen - expected_fen


async def _fail(session: WriteSession, shop: Shop, bought: Bought) -> None:
    purchase, at, fact = bought.purchase, bought.at, bought.fact
    purchase.outcome_code, purchase.outcome_reason = fact.code[:100] or fact.state, fact.reason[:300]
    await learn(session, purchase, "failed", at)
    await end(session, purchase, "failed", "failed", at, found_by=bought.found_by, code=purchase.outcome_code)
    if bought.found_by != "answer":  # who sent it goes on by itself
        await service.obtain(session, [purchase.fulfilment_id])
    await money.post(session, shop, bought.channel, money.failed(purchase, bought.channel, at))


async def _late_succeeded(session: WriteSession, shop: Shop, bought: Bought) -> None:
    """A code is stock, and goes to its order if that still waits; so does a direct good, else it stays a loss."""
    purchase, at = bought.purchase, bought.at
    attempts = await queries.attempts(session, purchase.fulfilment_id)
    is_wanted = supplied.is_wanted(bought.unit) and not any(attempt.is_holding for attempt in attempts)
    is_spoilt = await delivering.is_sold_before(session, shop.vault, bought.fact.codes)
    await move(session, purchase, "late_succeeded", "late_succeeded", at, found_by=bought.found_by)
    if is_spoilt or not (bought.fact.codes or is_wanted):
        return
    await delivering.deliver_late(session, shop, bought, is_wanted=is_wanted)
    await money.post(session, shop, bought.channel, money.late_delivered(purchase, bought.unit, bought.channel, at))


async def _contradicted(session: WriteSession, bought: Bought) -> None:
    """It said otherwise before, and the shop acted on that: for people to settle, by the supplier's statement."""
    purchase = bought.purchase
    await queries.note(session, purchase, "contradicted", purchase.state, bought.at, {"said": bought.fact.state})
    detail = {**_told(purchase), "state": purchase.state, "said": bought.fact.state}
    await raise_alert(session, CONTRADICTED, f"purchase:{purchase.public_id}", "critical", detail)


def _told(purchase: Purchase) -> dict[str, str | int]:
    return {"request_no": purchase.request_no, "cost_fen": purchase.cost_fen}
