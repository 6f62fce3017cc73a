"""A planned history's suppliers into rows: who they are, their channels, offers and prices, rates, rules of routing."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from simulation.supplied_law import CHANNELS, FOREIGN, VENDORS
from simulation.supplied_records import Supplied
from transactional.bulk_copy import Connection, copy_rows, reserve_ids

NOTE = "模拟的往来：供应商与渠道均为虚构，历史结束后渠道已停用"
SUPPLIER = ("id", "name", "currency", "terms", "low_balance_fen", "note")
CHANNEL = ("id", "supplier_id", "code", "name", "protocol", "state")
OFFER = ("id", "channel_id", "sku_id", "supplier_sku", "supplier_name", "unit_cost", "currency", "state", "observed_at")
OBSERVATION = ("offer_id", "source", "unit_cost", "currency", "state", "observed_at")
POLICY = ("id", "floor_margin_fen", "floor_margin_per_myriad", "explore_per_myriad", "at_loss", "reason", "created_at")


@dataclass(frozen=True, slots=True)
class SupplyKeys:
    """Keys of suppliers by vendor, and of channels, offers and policies by their places."""

    suppliers: dict[str, int]
    channels: list[int]
    offers: list[int]
    policies: list[int]

    def whose(self, channel: int) -> tuple[int, int]:
        """Supplier and channel."""
        return self.suppliers[CHANNELS[channel].vendor], self.channels[channel]


def write_supply(connection: Connection, supplied: Supplied, skus: list[int]) -> SupplyKeys:
    """Everything that purchases refer to; `skus` are keys by place."""
    keys = SupplyKeys(
        dict(zip([one.key for one in VENDORS], reserve_ids(connection, "supplier", len(VENDORS)), strict=True)),
        reserve_ids(connection, "supply_channel", len(CHANNELS)),
        reserve_ids(connection, "offer", len(supplied.offers)),
        reserve_ids(connection, "routing_policy", len(supplied.policies)),
    )
    copy_rows(connection, "supplier", SUPPLIER, _suppliers(keys, supplied.low_fen))
    channels = (
        (key, keys.suppliers[law.vendor], law.code, law.title, law.protocol, "paused")
        for key, law in zip(keys.channels, CHANNELS, strict=True)
    )
    copy_rows(connection, "supply_channel", CHANNEL, channels)
    copy_rows(connection, "offer", OFFER, _offers(keys, supplied, skus))
    copy_rows(connection, "offer_observation", OBSERVATION, _observations(keys, supplied))
    rates = (
        (FOREIGN, day, rate, "simulated") for day, rate in zip(supplied.rates.days, supplied.rates.values, strict=True)
    )
    copy_rows(connection, "exchange_rate", ("currency", "rate_date", "rate", "source"), rates)
    copy_rows(connection, "routing_policy", POLICY, _policies(keys, supplied))
    return keys


def _suppliers(keys: SupplyKeys, low_fen: int) -> Iterator[tuple[object, ...]]:
    for one in VENDORS:
        yield keys.suppliers[one.key], one.name, one.currency, one.terms, low_fen if one.is_prepaid else None, NOTE


def _offers(keys: SupplyKeys, supplied: Supplied, skus: list[int]) -> Iterator[tuple[object, ...]]:
    for key, one in zip(keys.offers, supplied.offers, strict=True):
        last = one.moves[-1]
        whose = (key, keys.channels[one.channel], skus[one.sku])
        yield (*whose, one.supplier_sku, "", last.unit_cost, one.currency, "active", last.at)


def _observations(keys: SupplyKeys, supplied: Supplied) -> Iterator[tuple[object, ...]]:
    moves = [
        (move.at, key, move.source, move.unit_cost, one.currency)
        for key, one in zip(keys.offers, supplied.offers, strict=True)
        for move in one.moves
    ]
    for at, key, source, unit_cost, currency in sorted(moves, key=lambda each: each[:2]):
        yield key, source, unit_cost, currency, "active", at


def _policies(keys: SupplyKeys, supplied: Supplied) -> Iterator[tuple[object, ...]]:
    for key, one in zip(keys.policies, supplied.policies, strict=True):
        rules = one.policy
        margins = (rules.floor_margin_fen, rules.floor_margin_per_myriad, rules.explore_per_myriad)
        yield (key, *margins, rules.at_loss, one.reason, one.at)


def write_estimates(connection: Connection, supplied: Supplied, keys: SupplyKeys) -> None:
    """What routing learnt of each channel by the end."""
    rows = (
        (channel, datetime.fromtimestamp(known.as_of, UTC), json.dumps(asdict(known)), known.tries)
        for channel, known in zip(keys.channels, supplied.evidence, strict=True)
    )
    copy_rows(connection, "channel_estimate", ("channel_id", "as_of", "sums", "weight"), rows)
