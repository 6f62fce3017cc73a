"""What happened to planned purchases, as the shop notes it: events, suppliers' numbers and the reasons of refusals."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from simulation.supplied import PATIENCE
from simulation.supplied_law import CHANNELS
from simulation.supplied_records import PlannedPurchase
from transactional.suppliers.purchases.rules import ASK_PAUSES_S

Event = tuple[str, str | None, str, datetime, dict[str, str | int]]
"""Kind, state before, state after, when, and more."""
ACCEPTED_AFTER = timedelta(seconds=1)
REFUSALS = {
    "fulu": (("3005", "库存不足"), ("3001", "商品维护中"), ("3008", "渠道繁忙")),
    "hmac_card": (("insufficient_stock", "库存不足"), ("sku_unavailable", "商品已下架")),
    "reloadly": (("OUT_OF_STOCK", "The product is out of stock."), ("PRODUCT_UNAVAILABLE", "Not available now.")),
}


def refusal(one: PlannedPurchase, place: int) -> tuple[str, str]:
    """Code and reason of a purchase that ended without a good; empty for others."""
    if one.state != "failed":
        return "", "长时间无结果，人工核销" if one.state in ("written_off", "late_failed", "late_succeeded") else ""
    if not one.is_answered:
        return "not_found", ""
    known = REFUSALS[CHANNELS[one.channel].protocol]
    return known[place % len(known)]


def supplier_ref(one: PlannedPurchase, place: int) -> str | None:
    """The supplier's number, where it told one."""
    is_told = one.is_answered or one.state in ("succeeded", "late_succeeded", "late_failed")
    return f"{place + 1:010}" if is_told else None


def times_asked(one: PlannedPurchase) -> int:
    """By the pauses between questions."""
    left, times = one.seconds or 0.0, 0
    while times < len(ASK_PAUSES_S) and left > ASK_PAUSES_S[times]:
        left -= ASK_PAUSES_S[times]
        times += 1
    return times


def events(one: PlannedPurchase, place: int) -> Iterator[Event]:
    """In order."""
    yield "claimed", None, "created", one.at, {"cost_fen": one.set_aside_fen}
    yield "submitted", "created", "submitted", one.submitted_at, {}
    state = "submitted"
    if not one.is_answered:
        state = "unknown"
        yield "no_answer", "submitted", state, one.submitted_at + PATIENCE, {"reason": "timeout"}
    elif one.ended_at is None or one.ended_at > one.submitted_at + ACCEPTED_AFTER:
        state = "processing"
        yield "accepted", "submitted", state, one.submitted_at + ACCEPTED_AFTER, {}
    if one.ended_at is not None:
        yield from _ends(one, place, state, one.ended_at)


def _ends(one: PlannedPurchase, place: int, state: str, at: datetime) -> Iterator[Event]:
    found_by = "answer" if state == "submitted" else "query"
    if one.succeeded:
        yield "succeeded", state, "succeeded", at, {"found_by": found_by, "cost_fen": one.cost_fen}
    elif one.state == "failed":
        yield "failed", state, "failed", at, {"found_by": found_by, "code": refusal(one, place)[0]}
    else:
        yield "written_off", state, "written_off", at, {}
        if one.after_at is not None:
            yield one.state, "written_off", one.state, one.after_at, {"found_by": "query"}
