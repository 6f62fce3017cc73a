"""A superuser who rewrites the past, seals and all, is found out by the heads published outside the database."""

from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.ledger.selling import Selling, selling_shop
from transactional.db import reading
from transactional.ledger.heads import Head, following
from transactional.ledger.seals import EPOCH, root_of_rows

pytestmark = pytest.mark.anyio

TABLES = ("ledger_transaction", "ledger_entry", "document_line")
OLD = "(select min(id) from shop.ledger_transaction where event = 'item_delivered')"
CHANGES = {
    "an amount moved to another account": (
        f"update shop.ledger_entry set account = 'goodwill' where transaction_id = {OLD} and amount_fen > 0",
    ),
    "amounts changed in balance": (
        f"update shop.ledger_entry set amount_fen = 2 * amount_fen where transaction_id = {OLD}",
    ),
    "a customer taken off": ("update shop.ledger_entry set customer_id = null",),
    "another day": (f"update shop.ledger_transaction set ledger_date = ledger_date - 1 where id = {OLD}",),
    "another instant": (
        f"update shop.ledger_transaction set effective_at = effective_at - interval '1 microsecond' where id = {OLD}",
    ),
    "another reference": (f"update shop.ledger_transaction set reference = 'x' where id = {OLD}",),
    "a document line moved to another item": ("update shop.document_line set order_item_id = null",),
    "a document line dated anew": ("update shop.document_line set effective_at = now()",),
    "a transaction dropped": tuple(
        f"delete from shop.{table} where {'id' if table == 'ledger_transaction' else 'transaction_id'} = {OLD}"
        for table in reversed(TABLES)
    ),
    "one entry dropped": ("delete from shop.ledger_entry where id = (select min(id) from shop.ledger_entry)",),
    "a document line dropped": ("delete from shop.document_line where id = (select min(id) from shop.document_line)",),
    "entries added to a sealed transaction": (
        "insert into shop.ledger_entry (transaction_id, account, amount_fen, row_xid)"
        f" values ({OLD}, 'bank', 5, 1), ({OLD}, 'goodwill', -5, 1)",
    ),
    "a document line added": (
        "insert into shop.document_line (transaction_id, kind, component, amount_fen, effective_at, row_xid)"
        f" values ({OLD}, 'x', 'goodwill', 5, now(), 1)",
    ),
    "a transaction added": (
        "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date, row_xid)"
        f" select 'slipped in', 'x', effective_at, ledger_date, row_xid from shop.ledger_transaction where id = {OLD}",
        "insert into shop.ledger_entry (transaction_id, account, amount_fen, row_xid) select id, account, fen, row_xid"
        " from shop.ledger_transaction, (values ('bank', 5), ('customer_wallet', -5)) as side (account, fen)"
        " where reference = 'slipped in'",
    ),
}


@pytest.fixture
async def sealed(fresh_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[Selling]:
    """Two seals; nothing is wrong yet."""
    async with selling_shop(fresh_database, tmp_path) as selling:
        for name in ("li", "wang"):
            await selling.sell(name, 2)
            await selling.seal()
        assert await selling.found() == []
        yield selling


async def seals_of(selling: Selling) -> list[str]:
    """What the check says about seals and their heads alone: other findings are not proof of this."""
    return [sentence for sentence in await selling.found() if "eal" in sentence or "head" in sentence]


def rewrite(selling: Selling, statements: Sequence[str]) -> None:
    with psycopg.connect(selling.urls.owner.replace("shop_owner@/", "postgres@/")) as connection:
        connection.execute("set session_replication_role = replica")  # every trigger and foreign key sleeps
        for statement in statements:
            assert connection.execute(statement).rowcount > 0, statement


async def seal_anew(selling: Selling) -> None:
    """Every root and head in the database computed again from the rows as they are now, the added ones included."""
    added = (
        "select id from shop.ledger_transaction where id not in (select unnest(transaction_ids) from shop.ledger_seal)"
    )
    gone = (
        "select array_agg(id) from unnest(transaction_ids) as id where id in (select id from shop.ledger_transaction)"
    )
    rewritten = [f"update shop.ledger_seal set transaction_ids = (select ({gone}) || array({added}))"]
    selling.as_superuser(rewritten[0] + " where seal_no = 1")
    last: Head | None = None
    for seal_no, ids, instant in selling.as_superuser(
        "select seal_no, transaction_ids, sealed_at from shop.ledger_seal order by seal_no"
    ):
        async with reading(selling.stocked.shop.engine) as session:
            root = await root_of_rows(session, ids)
        assert root is not None
        last = Head(seal_no, len(ids), root, following(last)[1], round((instant - EPOCH).total_seconds() * 10**6))
        selling.as_superuser(
            "update shop.ledger_seal set merkle_root = %s, previous_head = %s, head = %s, transaction_count = %s"
            " where seal_no = %s",
            given=(root, last.previous_head, last.head, len(ids), seal_no),
        )


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_past_is_found_even_when_roots_and_chain_are_computed_anew(
    sealed: Selling, change: str
) -> None:
    rewrite(sealed, CHANGES[change])
    assert await seals_of(sealed)
    await seal_anew(sealed)
    assert "Seal 1 in the database is not the one that was published: it was made anew." in await seals_of(sealed)


async def test_seals_computed_anew_without_a_change_are_the_published_ones(sealed: Selling) -> None:
    await seal_anew(sealed)
    assert await sealed.found() == []


async def test_dropped_seals_are_found(sealed: Selling) -> None:
    rewrite(sealed, ["delete from shop.ledger_seal where seal_no = 2"])
    assert "Seal 2 was published but is not in the database." in await seals_of(sealed)


async def test_a_seal_that_names_a_transaction_twice_is_found(sealed: Selling) -> None:
    rewrite(sealed, ["update shop.ledger_seal set transaction_ids = transaction_ids || transaction_ids[1:1]"])
    assert [sentence for sentence in await seals_of(sealed) if "is in 2 seals" in sentence]


@pytest.mark.parametrize(
    ("edit", "finding"),
    [
        (lambda lines: lines[:-1], "Seal 2 is not among the published heads"),
        (lambda lines: lines[1:], "line 1 does not follow from the lines before"),
        (lambda lines: lines[::-1], "line 1 does not follow from the lines before"),
        (lambda lines: [lines[0], lines[0], lines[1]], "line 2 does not follow from the lines before"),
        (lambda lines: [lines[0].replace(b'"seal_no":1', b'"seal_no":9'), lines[1]], "line 1 was not signed"),
        (lambda lines: [lines[0], b"{}"], "line 2 was not signed"),
        (lambda lines: [lines[0], b"[1]"], "line 2 was not signed"),
    ],
    ids=["cut", "beheaded", "reversed", "doubled", "edited", "emptied", "no object"],
)
async def test_an_edited_file_of_heads_is_found(sealed: Selling, edit: object, finding: str) -> None:
    lines = sealed.heads.path.read_bytes().splitlines()
    assert callable(edit)
    sealed.heads.path.write_bytes(b"".join(line + b"\n" for line in edit(lines)))
    assert [sentence for sentence in await seals_of(sealed) if finding in sentence]
