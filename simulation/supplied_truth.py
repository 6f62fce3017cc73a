"""What is known exactly of a simulated past's suppliers: each channel's law, its sums from the plan, planted slips."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from fractions import Fraction
from typing import Any

from simulation.catalogue import Sku
from simulation.supplied_law import CHANNELS, INVERTED, VENDOR_OF, Z_95, Z_99, ChannelLaw
from simulation.supplied_luck import STILL_LATER_FAILED, STILL_LATER_SUCCEEDED
from simulation.supplied_records import PlannedClaim, PlannedPurchase
from simulation.supplied_returns import CREDITED_IN_FULL
from simulation.supply import Supply

WRITTEN_OFF = ("written_off", "late_failed", "late_succeeded")


def supply_truth(supply: Supply, skus: Sequence[Sku]) -> dict[str, Any]:
    """Fen are sums over the whole history; seconds and days say their unit."""
    return {
        "channels": {law.code: _channel(supply, place, law) for place, law in enumerate(CHANNELS)},
        "effective_unit_cost": "(cost of successes + cost of what was written off and not given back"
        " - credits for bad codes) / (successes - bad codes); bad codes were refunded, none was replaced",
        "success_in_the_end": "share of purchases that brought their order a code: with an answer, or after all",
        "price_moves": _price_moves(supply, skus),
        "inverted_skus": [sku.variant.code for sku in skus if sku.product.slug == INVERTED],
        "statement_differences": _differences(supply),
        "exchange_losses_fen": sum(one.loss_fen for one in supply.supplied.payments),
    }


def expected_share(law: ChannelLaw) -> float:
    """What a good unit costs by the law, to what a purchase costs: the ratio of the expectations.

    Of purchases, so many bring a code, and so many are written off for good; of codes, so many are bad, and of those
    so much is made good.
    """
    brought = law.success_in_the_end
    lost = law.silent * (1 - law.silent_good - law.silent_bad) * (1 - STILL_LATER_FAILED - STILL_LATER_SUCCEEDED)
    made_good = brought * law.defect * law.recovered * (CREDITED_IN_FULL + (1 - CREDITED_IN_FULL) / 2)
    return (brought + lost - made_good) / (brought * (1 - law.defect))


def _channel(supply: Supply, place: int, law: ChannelLaw) -> dict[str, Any]:
    purchases = [one for one in supply.supplied.purchases if one.channel == place]
    claims = [one for one in supply.supplied.claims if supply.supplied.purchases[one.purchase].channel == place]
    vendor = VENDOR_OF[law.code]
    return {
        "supplier": vendor.name,
        "terms": vendor.terms,
        "currency": vendor.currency,
        "law": asdict(law)
        | {
            "success_in_the_end": law.success_in_the_end,
            "good_p50_s": law.good_s,
            "good_p95_s": law.good_quantile_s(Z_95),
            "good_p99_s": law.good_quantile_s(Z_99),
            "effective_to_purchase_cost": expected_share(law),
            "effective_unit_cost_fen": _expected_fen(purchases, law),
        },
        "sums": channel_sums(purchases, claims),
    }


def _expected_fen(purchases: Sequence[PlannedPurchase], law: ChannelLaw) -> float | None:
    """At the prices of the purchases that were made, whatever became of them."""
    if not purchases:
        return None
    return sum(one.set_aside_fen for one in purchases) / len(purchases) * expected_share(law)


def channel_sums(purchases: Sequence[PlannedPurchase], claims: Sequence[PlannedClaim]) -> dict[str, Any]:
    """Counts, fen and seconds of one channel's purchases; a quantile is the least value with so many below or at it."""
    states = Counter(one.state for one in purchases)
    succeeded = [one for one in purchases if one.succeeded]
    cost_fen = sum(one.cost_fen for one in succeeded)
    lost_fen = sum(one.cost_fen for one in purchases if one.state in WRITTEN_OFF)
    back_fen = sum(one.cost_fen for one in purchases if one.state in ("late_failed", "late_succeeded"))
    credits_fen = sum(claim.credited_fen or 0 for claim in claims)
    good = len(succeeded) - len(claims)
    effective = Fraction(cost_fen + lost_fen - back_fen - credits_fen, good) if good else None
    return {
        "purchases": len(purchases),
        "states": dict(sorted(states.items())),
        "without_answer": sum(1 for one in purchases if not one.is_answered),
        "bad_codes": len(claims),
        "credited_claims": sum(1 for claim in claims if claim.state == "accepted"),
        "good_units": good,
        "cost_of_successes_fen": cost_fen,
        "written_off_fen": lost_fen,
        "written_off_back_fen": back_fen,
        "credits_fen": credits_fen,
        "effective_unit_cost_fen": float(effective) if effective is not None else None,
        **_seconds([one.seconds or 0.0 for one in succeeded], "seconds_to_code"),
        **_seconds([one.seconds or 0.0 for one in purchases if one.state == "failed"], "refund_lag_s"),
    }


def _seconds(values: Sequence[float], name: str) -> dict[str, float | None]:
    ordered = sorted(values)
    shares = (("p50", 50), ("p95", 95), ("p99", 99))
    return {
        f"{name}_{label}": ordered[-(-len(ordered) * percent // 100) - 1] if ordered else None
        for label, percent in shares
    }


def _price_moves(supply: Supply, skus: Sequence[Sku]) -> dict[str, int]:
    """How often each offer's price changed after it was first known, by channel and SKU."""
    return {
        f"{CHANNELS[one.channel].code}/{skus[one.sku].variant.code}": len(one.moves) - 1
        for one in supply.supplied.offers
    }


def _differences(supply: Supply) -> list[dict[str, Any]]:
    """By statement, everything that is wrong in it on purpose; nothing else is."""
    return [
        {
            "channel": CHANNELS[statement.channel].code,
            "from_date": statement.first.isoformat(),
            "to_date": statement.last.isoformat(),
            "file_name": statement.file_name,
            "kind": slip.kind,
            "verdict": slip.verdict,
            "request_no": slip.request_no,
            "difference_fen": slip.difference_fen,
        }
        for statement in supply.statements
        for slip in statement.planted
    ]
