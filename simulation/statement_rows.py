"""A planned history's statements of advertising and couriers: the lines that its spending was posted from."""

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from hashlib import sha256

from mingsuan.clock import business_date
from simulation.expenses import AdSpend, CourierCharge
from simulation.written import Written
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger.other_rules import advertised, courier_paid
from transactional.ledger.rules import Posting

PLATFORM_OF = {"search": "baidu", "douyin": "oceanengine", "xiaohongshu": "xiaohongshu"}
"""Where each channel of acquisition is paid for."""
CAMPAIGN = "always-on"
COURIER = "shunfeng"
OF_ADS = (
    "id",
    "statement_id",
    "line_no",
    "platform",
    "spend_date",
    "campaign_code",
    "acquisition_channel",
    "amount_fen",
    "posted_fen",
)
OF_COURIERS = (
    "id",
    "statement_id",
    "line_no",
    "part_no",
    "courier",
    "tracking_no",
    "charge_kind",
    "charged_date",
    "amount_fen",
    "posted_fen",
    "order_item_id",
)


def ad_spends(connection: Connection, spends: Sequence[AdSpend], zone: tzinfo) -> Iterator[Posting]:
    """One statement a platform, of the whole history."""
    for platform in sorted({PLATFORM_OF[one.channel] for one in spends}):
        of_platform = [one for one in spends if PLATFORM_OF[one.channel] == platform]
        paid = [(one.at, one.amount_fen) for one in of_platform]
        statement = _statement(connection, "ad_statement", "platform", platform, paid, zone)
        keys = reserve_ids(connection, "ad_spend", len(of_platform))
        rows = [
            (
                key,
                statement,
                line_no,
                platform,
                business_date(one.at, zone),
                CAMPAIGN,
                one.channel,
                *[one.amount_fen] * 2,
            )
            for line_no, (key, one) in enumerate(zip(keys, of_platform, strict=True), 1)
        ]
        copy_rows(connection, "ad_spend", OF_ADS, rows)
        for key, one in zip(keys, of_platform, strict=True):
            yield advertised(key, one.amount_fen, one.at)


def courier_charges(
    connection: Connection, charges: Sequence[CourierCharge], written: Written, zone: tzinfo
) -> Iterator[Posting]:
    """One statement of all parcels; the shop kept no record of them but the line of the order."""
    if not charges:
        return
    paid = [(one.at, one.amount_fen) for one in charges]
    statement = _statement(connection, "courier_statement", "courier", COURIER, paid, zone)
    keys = reserve_ids(connection, "courier_charge", len(charges))
    items = [written.orders[one.order.order_no].items[one.line - 1] for one in charges]
    rows = []
    for line_no, (key, one, item) in enumerate(zip(keys, charges, items, strict=True), 1):
        parcel = (COURIER, f"SIM{line_no:010}", "freight", business_date(one.at, zone))
        rows.append((key, statement, line_no, 1, *parcel, one.amount_fen, one.amount_fen, item))
    copy_rows(connection, "courier_charge", OF_COURIERS, rows)
    for key, one, item in zip(keys, charges, items, strict=True):
        yield courier_paid(key, one.amount_fen, item, one.at)


def _statement(
    connection: Connection, table: str, sender: str, code: str, paid: Sequence[tuple[datetime, int]], zone: tzinfo
) -> int:
    """The header of a file that names all of `paid` (instant, fen)."""
    days = [business_date(at, zone) for at, _ in paid]
    name = f"simulation-{code}.csv"
    [key] = reserve_ids(connection, table, 1)
    row = {
        "id": key,
        sender: code,
        "from_date": min(days),
        "to_date": max(days),
        "file_name": name,
        "file_sha256": sha256(name.encode()).digest(),
        "source": "inbox",
        "line_count": len(paid),
        "total_fen": sum(fen for _, fen in paid),
        "imported_at": max(at for at, _ in paid),
    }
    copy_rows(connection, table, tuple(row), [tuple(row.values())])
    return key
