"""A planned history's membership periods into rows, with what each day of them earned."""

from collections.abc import Iterator, Mapping
from datetime import tzinfo

from simulation.loss_rows import Sold, sold_units
from simulation.memberships import PlannedPeriod
from simulation.plan import Plan
from simulation.written import Written
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk
from transactional.ledger.other_rules import membership_released
from transactional.ledger.rules import Posting

PERIOD = ("id", "fulfilment_id", "customer_id", "starts_at", "days", "net_fen", "released_fen", "ended_at")


def write_periods(connection: Connection, plan: Plan, written: Written) -> None:
    """Of a period that was given up, the part not earned went back."""
    sold = sold_units(plan, written)
    keys = reserve_ids(connection, "membership_period", len(plan.periods))
    numbered = list(zip(keys, plan.periods, strict=True))
    rows = (_row(key, one, sold[one.unit], plan.zone) for key, one in numbered)
    copy_rows(connection, "membership_period", PERIOD, rows)
    bulk.write(connection, (each for key, one in numbered for each in _released(key, one, sold, plan.zone)), plan.zone)


def _row(key: int, one: PlannedPeriod, of: Sold, zone: tzinfo) -> tuple[object, ...]:
    _, fulfilment, customer = of
    released_fen = one.released_fen(zone)
    left_fen = released_fen if one.ended_at else one.price_fen
    return key, fulfilment, customer, one.starts_at, one.days, left_fen, released_fen, one.ended_at


def _released(key: int, one: PlannedPeriod, sold: Mapping[int, Sold], zone: tzinfo) -> Iterator[Posting]:
    item, _, customer = sold[one.unit]
    done_fen = 0
    for at, amount_fen in one.releases(zone):
        yield membership_released(key, done_fen, amount_fen, customer, item, at)
        done_fen += amount_fen
