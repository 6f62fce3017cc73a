"""What the database itself refuses, whoever asks."""

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls

TRANSACTION = """insert into shop.ledger_transaction (reference, event, effective_at, ledger_date)
    values ('t', 'wallet_credited', now(), current_date) returning id"""
ENTRIES = (
    "insert into shop.ledger_entry (transaction_id, account, amount_fen) values (%s, 'bank', %s), (%s, 'sales', %s)"
)


def test_entries_that_do_not_sum_to_zero_are_refused(connection: psycopg.Connection) -> None:
    [number] = connection.execute(TRANSACTION).fetchone() or [0]
    with pytest.raises(psycopg.errors.CheckViolation, match="does not balance: difference of 1 fen"):
        connection.execute(ENTRIES, (number, 100, number, -99))


def test_balanced_entries_are_accepted_and_can_never_be_changed(database_urls: DatabaseUrls) -> None:
    for url, refusal in (
        (database_urls.app, psycopg.errors.InsufficientPrivilege),
        (database_urls.owner, psycopg.errors.RestrictViolation),
    ):
        for change in ("update shop.ledger_entry set amount_fen = 1", "delete from shop.ledger_entry"):
            with psycopg.connect(url) as connection:
                [number] = connection.execute(TRANSACTION).fetchone() or [0]
                connection.execute(ENTRIES, (number, 100, number, -100))
                with pytest.raises(refusal):
                    connection.execute(change)
                connection.rollback()


def test_an_append_only_table_cannot_be_emptied_by_its_owner(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner) as connection:
        with pytest.raises(psycopg.errors.RestrictViolation, match="TRUNCATE"):
            connection.execute("truncate shop.document_line")
        connection.rollback()


def test_no_row_of_the_shop_can_be_deleted_by_the_service_except_allowances_that_are_whole_again(
    connection: psycopg.Connection,
) -> None:
    may = connection.execute(
        "select table_name from information_schema.table_privileges"
        " where table_schema = 'shop' and grantee = 'shop_app' and privilege_type in ('DELETE', 'TRUNCATE')"
    ).fetchall()
    assert may == [("rate_limit",)]


def test_an_update_names_the_transaction_that_made_it(connection: psycopg.Connection) -> None:
    connection.execute("insert into shop.category (slug, name_zh, name_en) values ('c', '类', 'c')")
    connection.execute("update shop.category set row_xid = 1 where slug = 'c'")
    row = connection.execute(
        "select row_xid = pg_current_xact_id()::text::bigint from shop.category where slug = 'c'"
    ).fetchone()
    assert row == (True,)
