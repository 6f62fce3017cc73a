"""`mingsuan ledger …`: exit codes and sentences."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from mingsuan import cli
from mingsuan.commands import terminal
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.other_databases import wait_for_other_databases
from transactional.ledger import bulk
from transactional.ledger.rules import codes_bought


@pytest.fixture
def urls(fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrls:
    """An empty shop that the command line talks to, with one batch bought on credit in January."""

    @contextmanager
    def given(_: Settings) -> Iterator[DatabaseUrls]:
        yield fresh_database

    monkeypatch.setattr(terminal, "opened", given)
    monkeypatch.setenv("MINGSUAN_VAR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    with psycopg.connect(fresh_database.app) as connection:
        zone = Settings().zone
        bulk.write(connection, [codes_bought(1, 123456, datetime(2026, 1, 10, tzinfo=UTC))], zone)
    with psycopg.connect(fresh_database.owner.replace("shop_owner@/", "postgres@/")) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute(
            "insert into shop.card_batch (sku_id, card_count, total_cost_fen, file_name) values (1, 1, 123456, 'f')"
        )
        connection.execute("insert into shop.card (batch_id, sku_id, cost_fen) values (1, 1, 123456)")
    return fresh_database


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, ["ledger", *arguments])
    return result.exit_code, result.output


def test_the_check_ends_with_0_when_the_books_are_whole_and_with_1_and_a_sentence_when_not(urls: DatabaseUrls) -> None:
    wait_for_other_databases(urls)
    code, said = run("seal")
    assert (code, "Sealed 1 transactions in 1 seals" in said) == (0, True)
    assert run("check") == (0, "✓ The books are whole.\n")
    with psycopg.connect(urls.owner.replace("shop_owner@/", "postgres@/")) as connection:
        connection.execute("set session_replication_role = replica")
        connection.execute("update shop.ledger_entry set amount_fen = 5 where amount_fen > 0")
    code, said = run("check")
    assert code == 1
    assert "✗ Ledger transaction batch:1 is out of balance by -123451 fen." in said
    assert "✗ Seal 1: its 1 transactions are not what they were when they were sealed." in said


@pytest.mark.usefixtures("urls")
def test_balances_and_statements_are_printed_exactly() -> None:
    code, said = run("trial-balance", "--until", "2026-01-31")
    assert code == 0
    assert "1234.56" in said
    code, said = run("statement", "supplier_payable", "--since", "2026-01-01")
    assert (code, said.count("1234.56") >= 2, "Codes bought" in said) == (0, True, True)
    code, said = run("statement", "nonsense")
    assert (code, "There is no such account or customer." in said) == (1, True)


@pytest.mark.usefixtures("urls")
def test_a_month_is_closed_and_exported(tmp_path: Path) -> None:
    assert run("close-month", "2025-12") == (1, "✗ The next month to close is 2026-01, not 2025-12.\n")
    assert run("close-month", "2026-01") == (0, "2026-01 is closed: nothing is dated into it any more.\n")
    assert run("close-month", "January")[0] == 2
    for name, start in (("j.csv", b"\xef\xbb\xbf"), ("j.xlsx", b"PK")):
        assert run("export", "2026-01", str(tmp_path / name))[0] == 0
        assert (tmp_path / name).read_bytes().startswith(start)
    assert run("export", "2026-01", str(tmp_path / "j.pdf"))[0] == 2
