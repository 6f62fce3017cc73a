"""Sealing the ledger: batches of ended transactions, the Merkle root over each, chained heads, published outside.

A seal's row is committed first and its head published after. A crash between leaves one seal unpublished: the next run
publishes it, if the rows still give its root, before it seals anything else.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import merkle
from transactional.db import ReadSession, WriteSession, reading, writing
from transactional.ledger.heads import Head, Loss, Published, following
from transactional.ledger.heads_file import HeadsFile
from transactional.ledger.leaves import in_order, leaf_hashes
from transactional.ledger.models import LedgerSeal

BATCH = 50_000
SEALER_LOCK = 7_103_911
LONGEST_REASON = 300
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ONE_SEALER = text("select pg_advisory_xact_lock(:lock)")

# A transaction is taken when its own row and all its entries and lines were written by transactions that have ended.
# What is sealed already is left out whatever its row_xid: a restore stamps old rows anew.
UNSEALED = """
with server as materialized (
    select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as xmin,
        (select system_identifier::text from pg_control_system()) as system_identifier
), last as (
    select system_identifier, horizon_xid from shop.ledger_seal order by seal_no desc limit 1
), start as materialized (
    select coalesce((select horizon_xid from last join server using (system_identifier)), 0) as horizon
), recent as materialized (
    select t.id, t.row_xid, t.created_at from shop.ledger_transaction as t
    where t.row_xid >= (select horizon from start)
), bounds as (
    select min(id) as lowest, max(id) as highest from recent
), sealed as materialized (
    select unnest(s.transaction_ids) as id from shop.ledger_seal as s, bounds
    where s.highest_id >= bounds.lowest and s.lowest_id <= bounds.highest
), unsealed as (
    select recent.* from recent where not exists (select from sealed where sealed.id = recent.id)
)
"""
NEXT = text(
    UNSEALED
    + """, ended as (
    select u.id, u.row_xid, u.row_xid < server.xmin and not exists (
            select from shop.ledger_entry as e where e.transaction_id = u.id and e.row_xid >= server.xmin
        ) and not exists (
            select from shop.document_line as l where l.transaction_id = u.id and l.row_xid >= server.xmin
        ) as whole
    from unsealed as u, server
), chosen as (
    select id, row_xid from ended where whole order by row_xid, id limit :batch
)
select array(select id from chosen order by row_xid, id) as ids,
    server.system_identifier,
    least(server.xmin, (
        select min(row_xid) from ended where not exists (select from chosen where chosen.id = ended.id)
    )) as horizon_xid
from server
"""
)
TAIL_AGE = text(UNSEALED + "select min(created_at) from unsealed")
LAST = text("select * from shop.ledger_seal order by seal_no desc limit 1")
AFTER = text("select * from shop.ledger_seal where seal_no > :seal_no order by seal_no limit 1")


class SealBrokenError(RuntimeError):
    """Rows, seals and published heads contradict each other; nothing more is sealed. The message is a sentence."""


@dataclass(frozen=True, slots=True)
class Sealing:
    """What one run did."""

    seals: int
    transactions: int


async def seal(source: AsyncEngine, file: HeadsFile, *, republish: bool = False) -> Sealing:
    """Seal everything that has ended, and publish the heads. Takes the engine: each seal is a transaction of its own.

    `republish` writes heads anew that the file lost, such as on a new machine. Raises SealBrokenError, HeadsError.
    """
    await publish_pending(source, file, republish=republish)
    seals = transactions = 0
    while count := await _seal_batch(source, file):
        await publish_pending(source, file)
        seals, transactions = seals + 1, transactions + count
    return Sealing(seals, transactions)


async def publish_pending(source: AsyncEngine, file: HeadsFile, *, republish: bool = False) -> None:
    """Publish the seal that a crash kept from being published, after computing it again from the rows."""
    published = file.end()
    async with reading(source) as session:
        last = await _last_sealed(session)
        _compare(published, last, republish)
        while row := (await session.execute(AFTER, {"seal_no": file.end().last_no})).one_or_none():
            file.publish(await _verified(session, row))


async def accept_loss(source: AsyncEngine, file: HeadsFile, reason: str) -> Loss:
    """Sign that the seals that were published but are not in the database are lost, so that sealing goes on after them.

    Raises SealBrokenError when none is missing.
    """
    shown = file.end()
    async with reading(source) as session:
        kept = await _last_sealed(session)
    lost_from = (kept.seal_no if kept else 0) + 1
    if shown.last_no < lost_from or shown.last_is_lost:
        raise SealBrokenError("No published seal is missing in the database.")
    loss = Loss(lost_from, shown.last_no, reason[:LONGEST_REASON], _microseconds(clock.now()))
    file.publish(loss)
    return loss


async def unsealed_age(session: ReadSession) -> timedelta:
    """How long the oldest transaction without a seal has been waiting for one; zero when there is none."""
    oldest = await session.scalar(TAIL_AGE)
    return max(timedelta(), clock.now() - oldest) if oldest else timedelta()


def head_of_row(row: Any) -> Head:
    """A seal's row as it is, or would be, published."""
    root, previous = bytes(row.merkle_root), bytes(row.previous_head)
    return Head(row.seal_no, row.transaction_count, root, previous, _microseconds(row.sealed_at))


async def root_of_rows(session: ReadSession, ids: Sequence[int]) -> bytes | None:
    """The Merkle root of these transactions as they are now; None when one of them is gone."""
    hashes = await leaf_hashes(session, ids)
    return merkle.root(in_order(hashes, ids)) if len(hashes) == len(set(ids)) else None


async def _seal_batch(source: AsyncEngine, file: HeadsFile) -> int:
    async with writing(source) as session:
        await session.execute(ONE_SEALER, {"lock": SEALER_LOCK})
        found = (await session.execute(NEXT, {"batch": BATCH})).one()
        if not found.ids:
            return 0
        published = file.end()
        if await _last_sealed(session) != published.last and not published.last_is_lost:
            raise SealBrokenError("The newest seal is not the newest published head: another sealer is at work.")
        session.add(await _new_seal(session, found, published.last))
    return len(found.ids)


async def _new_seal(session: WriteSession, found: Any, last: Head | None) -> LedgerSeal:
    root = await root_of_rows(session, found.ids)
    if root is None:
        raise SealBrokenError("A transaction vanished while it was being sealed.")
    seal_no, previous = following(last)
    sealed_at = clock.now()
    head = Head(seal_no, len(found.ids), root, previous, _microseconds(sealed_at))
    return LedgerSeal(
        seal_no=seal_no,
        system_identifier=found.system_identifier,
        horizon_xid=found.horizon_xid,
        transaction_ids=list(found.ids),
        lowest_id=min(found.ids),
        highest_id=max(found.ids),
        transaction_count=len(found.ids),
        merkle_root=root,
        previous_head=previous,
        head=head.head,
        sealed_at=sealed_at,
    )


async def _last_sealed(session: ReadSession) -> Head | None:
    row = (await session.execute(LAST)).one_or_none()
    return None if row is None else head_of_row(row)


async def _verified(session: ReadSession, row: Any) -> Head:
    head = head_of_row(row)
    root = await root_of_rows(session, row.transaction_ids)
    if head.head != bytes(row.head) or root != head.merkle_root:
        raise SealBrokenError(f"Seal {row.seal_no} is not published: its rows were changed since they were sealed.")
    return head


def _compare(published: Published, last: Head | None, republish: bool) -> None:
    """At most one seal may wait for its publication; the database does not lag behind what was published."""
    shown, kept = published.last_no, last.seal_no if last else 0
    if shown > kept and not published.last_is_lost:
        raise SealBrokenError(
            f"Seals {kept + 1} to {shown} were published but are not in the database, such as after a restore from an"
            " older backup: what they sealed is lost. `mingsuan ledger seal --accept-loss REASON` records that, signed."
        )
    if kept - shown > 1 and not republish:
        raise SealBrokenError(
            f"The published heads end at seal {shown}, the database at {kept}: the file was cut, or did not come along"
            " to this machine. `mingsuan ledger seal --republish` writes the missing heads from the rows."
        )


def _microseconds(instant: datetime) -> int:
    return (instant - EPOCH) // timedelta(microseconds=1)
