"""Asking suppliers about purchases that have no end yet; and finding what was left lying by a crash or a lost job."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from mingsuan import clock
from transactional import calls
from transactional.alerts.service import raise_alert
from transactional.db import WriteSession, reading, writing
from transactional.shop import Shop
from transactional.suppliers import service
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.protocols.interface import Supply, SupplyAsk, SupplyFact
from transactional.suppliers.purchases import breaker, queries
from transactional.suppliers.purchases import facts as purchase_facts
from transactional.suppliers.purchases import rules as purchase_rules
from transactional.suppliers.purchases.moves import UNCLEAR
from transactional.suppliers.purchases.obtaining import GRACE_S, ask_of
from transactional.suppliers.states import OPEN

OVERDUE_AFTER = timedelta(seconds=20)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Question:
    """A purchase that a supplier is asked about; `ask` is what it was asked for, and may be sent again if `again`."""

    supply: Supply
    ask: SupplyAsk
    supplier_ref: str | None
    target: str
    patience_s: int
    again: bool


async def ask(shop: Shop, purchase_id: int) -> None:
    """Asks about one purchase and applies the answer; asks to be called again while it is open. Commits by itself."""
    question = await _question(shop, purchase_id)
    if question is None:
        return
    asked_at = clock.now()
    fact = await _answer(shop, question)
    at = _found_at(fact, asked_at)
    async with writing(shop.engine) as session:
        if fact is not None:
            final_after_s = question.supply.not_found_is_final_after_s
            await purchase_facts.fact_found(session, shop, purchase_id, fact, "query", at, final_after_s)
        await _afterwards(session, purchase_id, fact is not None)


def _found_at(fact: SupplyFact | None, asked_at: datetime) -> datetime:
    """Now; but that it was not found is of when it was asked for: a slow answer must not make it final too early."""
    return asked_at if fact is not None and fact.state == "not_found" else clock.now()


async def _question(shop: Shop, purchase_id: int) -> Question | None:
    """None when it has an end, or was not sent yet, or people were asked."""
    at = clock.now()
    async with writing(shop.engine) as session:
        purchase = await queries.locked(session, purchase_id)
        channel = await session.get_one(SupplyChannel, purchase.channel_id)
        if purchase.state not in (*OPEN, "written_off") or channel.protocol in ("own_pool", "manual"):
            return None
        purchase.times_asked += 1
        if purchase.state in OPEN:
            purchase.ask_at = at + timedelta(seconds=2 * (channel.patience_s + GRACE_S))
        supply = await shop.supplies.of(session, shop.vault, channel.id)
        final_after_s = supply.not_found_is_final_after_s
        is_early = purchase_rules.may_send_again(purchase.submitted_at, at, final_after_s)
        again = purchase.state in OPEN and supply.may_resubmit and is_early
        what = await ask_of(session, shop, purchase)
        return Question(supply, what, purchase.supplier_ref, f"supplier:{channel.code}", channel.patience_s, again)


async def _answer(shop: Shop, question: Question) -> SupplyFact | None:
    """What a query says; where nothing is found yet and the same number is the same request, that is sent again.

    That the second is refused proves nothing: the first may be on its way still, and be taken.
    """
    supply, number = question.supply, question.ask.request_no
    said = await calls.made(
        shop.engine, question.target, "query", number, lambda: supply.query(number, question.supplier_ref)
    )
    fact = said.value
    if fact is None or fact.state != "not_found" or not question.again:
        return fact
    again = await calls.made(shop.engine, question.target, "submit", number, lambda: supply.submit(question.ask))
    return again.value or fact


async def _afterwards(session: WriteSession, purchase_id: int, is_answered: bool) -> None:
    """While it is open: when to ask again, and after a while people are told."""
    at = clock.now()
    purchase = await queries.locked(session, purchase_id)
    if not is_answered:
        await breaker.silent(session, purchase.channel_id, at)
    if purchase.state not in OPEN:
        return
    purchase.ask_at = purchase_rules.ask_at(purchase.times_asked, at)
    await session.flush()
    await service.ask(session, purchase.id, purchase.ask_at)
    if purchase_rules.is_unclear(purchase.submitted_at, at):
        detail = {"request_no": purchase.request_no, "cost_fen": purchase.cost_fen, "state": purchase.state}
        await raise_alert(session, UNCLEAR, f"purchase:{purchase.public_id}", "warning", detail)


async def sweep(shop: Shop) -> int:
    """Puts work whose turn passed unseen into the queue again; how much. A crash or a lost job is found by this."""
    at = clock.now()
    async with reading(shop.engine) as session:
        overdue = await queries.overdue(session, at - OVERDUE_AFTER, AT_ONCE)
        forgotten = await queries.forgotten(session, at, AT_ONCE)
    async with writing(shop.engine) as session:
        for purchase_id, _, state in overdue:
            if state == "created":
                await service.send(session, purchase_id)
            else:
                await service.ask(session, purchase_id)
        await service.obtain(session, forgotten)
    return len(overdue) + len(forgotten)
