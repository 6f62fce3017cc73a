"""Import of an order history: the whole file is validated, then written whole in one transaction, or refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from hashlib import file_digest
from pathlib import Path
from zoneinfo import ZoneInfo

import psycopg

from mingsuan import clock
from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from transactional.bulk_copy import Connection
from transactional.orders.historic import HistoricCustomer, HistoricItem, HistoricOrder, HistoricUnit
from transactional.orders.history import WRITERS_LOCK, HistoryWriter
from transactional.orders.history_files import read_records
from transactional.orders.history_goods import sku_keys
from transactional.orders.history_identity import FileOrder, file_orders
from transactional.orders.history_known import changed_orders, known_refs
from transactional.orders.history_mapping import Mapping, load_mapping
from transactional.orders.history_problems import Problem, RefusedFileError
from transactional.orders.history_rows import HistoryRow, parse_rows
from transactional.profile_row import OtherCurrencyError, fix_profile

__all__ = ["ImportResult", "RefusedFileError", "import_orders"]

CHUNK = 5000
SIMULATED_SHOP = "this shop holds a simulated history, which a real one must not be mixed with; use an empty shop"


@dataclass(frozen=True, slots=True)
class ImportResult:
    """Rows of the file, and what was new in it."""

    rows: int
    new_orders: int
    known_orders: int
    new_customers: int


def import_orders(
    app_url: str, settings: Settings, file: Path, mapping: str, progress: Progress = silent
) -> ImportResult:
    """Import `file` through the named mapping. Orders that are known already stay as they are.

    Raises RefusedFileError, with nothing written, for a bad file, a mapping that cannot be used, a currency other
    than the shop's, or a known order number with other values.
    """
    rules = load_mapping(mapping)
    with psycopg.connect(app_url) as connection:
        zone = _zone(connection, settings, rules)
    progress(f"reading {file.name}")
    rows = parse_rows(read_records(file, rules), rules, zone, clock.now())
    orders, problems = file_orders(rows, rules.row_is == "order_line")
    if problems:
        raise RefusedFileError(problems)
    with psycopg.connect(app_url) as connection:
        wait_for_writers(connection, progress)
        new, customers = _write(connection, settings, rules, file, orders, progress)
    return ImportResult(len(rows), new, len(orders) - new, customers)


def wait_for_writers(connection: Connection, progress: Progress) -> None:
    """Hold the lock of history writers until the transaction ends."""
    held = connection.execute("select pg_try_advisory_xact_lock(%s)", (WRITERS_LOCK,)).fetchone()
    if held != (True,):
        progress("another import is being written; waiting for it to end")
        connection.execute("select pg_advisory_xact_lock(%s)", (WRITERS_LOCK,))


def _zone(connection: Connection, settings: Settings, mapping: Mapping) -> tzinfo:
    """Zone of the file's dates: the mapping's, else the shop's, else the one that the shop will get."""
    if mapping.dates.timezone:
        return ZoneInfo(mapping.dates.timezone)
    row = connection.execute("select timezone from shop.shop_profile where id = 1").fetchone()
    return ZoneInfo(str(row[0])) if row else settings.zone


def _write(
    connection: Connection,
    settings: Settings,
    mapping: Mapping,
    file: Path,
    orders: Sequence[FileOrder],
    progress: Progress,
) -> tuple[int, int]:
    """Numbers of new orders and new customers."""
    try:
        zone = ZoneInfo(fix_profile(connection, mapping.currency, settings.timezone))
    except OtherCurrencyError as error:
        raise RefusedFileError([Problem(f"{error} (mapping {mapping.source!r})")]) from None
    if connection.execute("select from shop.orders where source = 'simulation' limit 1").fetchone() is not None:
        raise RefusedFileError([Problem(SIMULATED_SHOP)])
    known = known_refs(connection, mapping.source)
    if problems := list(changed_orders(connection, mapping, [order for order in orders if order.source_ref in known])):
        raise RefusedFileError(problems)
    new = [order for order in orders if order.source_ref not in known]
    if not new:
        return 0, 0
    skus = sku_keys(connection, mapping.source, mapping.goods, new)
    writer = HistoryWriter(connection, mapping.source, zone, _record(connection, mapping, file, orders, new))
    customers, new_customers = _customers(connection, writer, mapping, new)
    for start in range(0, len(new), CHUNK):
        progress(f"writing orders from {start + 1:,} of {len(new):,}")
        chunk = new[start : start + CHUNK]
        writer.write_orders([_historic(mapping.source, order, customers[order.customer], skus) for order in chunk])
    return len(new), new_customers


def _record(
    connection: Connection, mapping: Mapping, file: Path, orders: Sequence[FileOrder], new: Sequence[FileOrder]
) -> int:
    with file.open("rb") as opened:
        digest = file_digest(opened, "sha256").digest()
    counts = [sum(len(order.lines) for order in some) for some in (orders, new)]
    row = connection.execute(
        "insert into shop.order_import (source, file_name, file_sha256, row_count, new_row_count)"
        " values (%s, %s, %s, %s, %s) returning id",
        (mapping.source, file.name, digest, *counts),
    ).fetchone()
    return int(str(row[0])) if row else 0


def _customers(
    connection: Connection, writer: HistoryWriter, mapping: Mapping, orders: Iterable[FileOrder]
) -> tuple[dict[str, int], int]:
    """Keys of all customers of the source by name, and how many are new: registered with their first order."""
    found = connection.execute("select external_ref, id from shop.customer where source = %s", (mapping.source,))
    keys = {str(ref): int(str(key)) for ref, key in found}
    first: dict[str, HistoryRow] = {}
    for order in orders:
        name = order.customer
        if name not in keys and (name not in first or order.first.ordered_at < first[name].ordered_at):
            first[name] = order.first
    new = [
        HistoricCustomer(name, row.acquisition_channel or mapping.acquisition_channel, row.ordered_at)
        for name, row in first.items()
    ]
    written = writer.write_customers(new)
    return keys | {one.ref: key for one, key in zip(new, written, strict=True)}, len(new)


def _historic(source: str, order: FileOrder, customer_id: int, skus: dict[str | None, int]) -> HistoricOrder:
    """Its number gets the source in front, so that it cannot meet one of the shop's."""
    at = order.first.ordered_at
    return HistoricOrder(
        source_ref=order.source_ref,
        customer_id=customer_id,
        ordered_at=at,
        state="completed",
        items=tuple(
            HistoricItem(line_no, skus[row.sku], row.quantity, row.gross_fen, row.discount_fen, (_unit(row),))
            for line_no, row in order.lines
        ),
        method="bank",
        paid_at=at,
        order_no=f"{source}-{order.order_no}" if order.order_no else None,
        events=(("imported", at),),
    )


def _unit(row: HistoryRow) -> HistoricUnit:
    """Handed over on its date, at a cost that the file does not know."""
    return HistoricUnit(row.quantity, "delivered", row.gross_fen, row.discount_fen, None, row.ordered_at)
