"""What the shop looked like at any snapshot, kept by triggers in the source: it shares no code with the ingest.

Each table has a twin in schema `audit` that gets every version of every row with the transaction that wrote it.
"""

from collections import Counter
from dataclasses import dataclass

import duckdb
import psycopg

from mingsuan.settings import Settings
from pipelines.tables import EXCUSED, TABLES, is_withheld
from pipelines.warehouse import connect, owned

KEEP = """
create schema audit;
create sequence audit.version;
create function audit.keep() returns trigger security definer language plpgsql as $$
begin
    execute format(
        'insert into audit.%I select ($1).*, pg_current_xact_id(), nextval(''audit.version'')', tg_table_name
    ) using new;
    return null;
end $$;
"""
LISTED = {table.name: table for table in TABLES}


@dataclass(frozen=True)
class Oracle:
    """The kept history of one database."""

    owner_url: str

    @classmethod
    def install(cls, owner_url: str) -> "Oracle":
        """Start keeping; what is there already counts as written by the transactions that its rows name."""
        with psycopg.connect(owner_url) as connection:
            connection.execute(KEEP)
            for table in _tables(connection):
                connection.execute(f"create table audit.{table} (like shop.{table})")
                connection.execute(f"alter table audit.{table} add audit_xid xid8, add audit_version bigint")
                connection.execute(
                    f"insert into audit.{table}"
                    f" select t.*, t.row_xid::text::xid8, nextval('audit.version') from shop.{table} t"
                )
                connection.execute(
                    f"create trigger zz_keep after insert or update on shop.{table}"
                    " for each row execute function audit.keep()"
                )
        return cls(owner_url)

    def differences(self, settings: Settings) -> list[str]:
        """Where the warehouse is not the source at the snapshot of its last batch; empty when it is."""
        with (
            owned(settings, "oracle"),
            connect(settings) as warehouse,
            psycopg.connect(self.owner_url) as connection,
        ):
            row = warehouse.execute(
                "select source_snapshot from ingest.batch order by batch_id desc limit 1"
            ).fetchone()
            assert row is not None
            found = [
                difference
                for table in _tables(connection)
                for difference in _compare(connection, warehouse, table, row[0])
            ]
            return found + _incoherent(warehouse)

    def late_updates(self) -> int:
        """How often an older transaction wrote a row after a younger one had."""
        with psycopg.connect(self.owner_url) as connection:
            row = connection.execute(
                "select count(*) from (select audit_xid, lag(audit_xid) over (partition by id order by audit_version)"
                " as before from audit.orders) as versions where audit_xid < before"
            ).fetchone()
        assert row is not None
        return int(row[0])


def _tables(connection: psycopg.Connection) -> list[str]:
    """Every table of the shop that has no excuse, whether the ingest knows it or not."""
    rows = connection.execute(
        "select table_name::text from information_schema.tables where table_schema = 'shop' order by 1"
    ).fetchall()
    return [name for (name,) in rows if name not in EXCUSED]


def _compare(
    connection: psycopg.Connection, warehouse: duckdb.DuckDBPyConnection, table: str, snapshot: str
) -> list[str]:
    kinds = connection.execute(
        "select column_name::text, data_type::text from information_schema.columns"
        " where table_schema = 'shop' and table_name = %s order by ordinal_position",
        [table],
    ).fetchall()
    kinds = [(name, kind) for name, kind in kinds if table not in LISTED or not is_withheld(LISTED[table], name)]
    key = ", ".join(LISTED[table].key) if table in LISTED else "id"
    texts = ", ".join(_source_text(*kind) for kind in kinds)
    source = connection.execute(
        f"select {texts} from (select distinct on ({key}) * from audit.{table}"
        f" where pg_visible_in_snapshot(audit_xid, '{snapshot}') order by {key}, audit_version desc) as latest"
    ).fetchall()
    try:
        arrived = warehouse.execute(
            f"select {', '.join(_warehouse_text(*kind) for kind in kinds)} from raw_current.{table}"
        ).fetchall()
        doubled = warehouse.execute(
            f"select {key}, row_xid from raw.{table} group by all having count(*) > 1"
        ).fetchall()
    except duckdb.CatalogException:
        return [f"{table} is not in the warehouse"]
    missing, unknown = Counter(source) - Counter(arrived), Counter(arrived) - Counter(source)
    return [
        *(f"{table} lacks {row}" for row in missing),
        *(f"{table} has, and the source had not, {row}" for row in unknown),
        *(f"raw.{table} has a version twice: {row}" for row in doubled),
    ]


def _source_text(column: str, kind: str) -> str:
    if kind == "timestamp with time zone":
        microseconds = f"(extract(epoch from {column}) * 1000000)::bigint::text"
        return f"case when isfinite({column}) then {microseconds} else {column}::text end"
    return f"encode({column}, 'hex')" if kind == "bytea" else f"{column}::text"


def _warehouse_text(column: str, kind: str) -> str:
    if kind == "timestamp with time zone":
        return f"case when isfinite({column}) then epoch_us({column})::varchar else {column}::varchar end"
    return f"lower(hex({column}))" if kind == "bytea" else f"{column}::varchar"


INCOHERENT = {
    "a ledger entry without its transaction": "select e.id from raw_current.ledger_entry e"
    " anti join raw_current.ledger_transaction t on e.transaction_id = t.id",
    "a ledger transaction without its order": "select t.id from raw_current.ledger_transaction t"
    " anti join raw_current.orders o on t.order_id = o.id where t.order_id is not null",
    "a document line without its transaction": "select l.id from raw_current.document_line l"
    " anti join raw_current.ledger_transaction t on l.transaction_id = t.id",
    "a paid order without its ledger entries": "select o.id from raw_current.orders o"
    " where o.paid_at is not null and not exists (from raw_current.ledger_transaction t"
    " join raw_current.ledger_entry e on e.transaction_id = t.id where t.order_id = o.id)",
    "a ledger transaction that does not balance": "select transaction_id from raw_current.ledger_entry"
    " group by transaction_id having sum(amount_fen) <> 0",
}


def _incoherent(warehouse: duckdb.DuckDBPyConnection) -> list[str]:
    try:
        return [
            f"{what}: {key}" for what, query in INCOHERENT.items() for (key,) in warehouse.execute(query).fetchall()
        ]
    except duckdb.CatalogException as error:
        return [str(error)]
