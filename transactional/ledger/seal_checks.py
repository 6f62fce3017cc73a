"""Checks of the seals: the rows as they are now against the heads that were published outside the database."""

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.ledger.findings import MOST, BookCheck, Finding
from transactional.ledger.heads import Head, Published
from transactional.ledger.heads_file import HeadsFile
from transactional.ledger.seals import head_of_row, root_of_rows, unsealed_age

LONGEST_TAIL_MIN = 15
SEALS = text("select * from shop.ledger_seal where seal_no > :after order by seal_no limit 100")
SEALED_TWICE = BookCheck(
    "seals",
    "Ledger transaction no. {number} is in {count} seals.",
    text(f"""
    select number, count(*) as count, count(*) over () as found
    from shop.ledger_seal, unnest(transaction_ids) as number group by number having count(*) > 1 limit {MOST}
    """),
)
SLIPPED_IN = BookCheck(
    "seals",
    "Ledger transaction {reference} lies among sealed ones without a seal: it was slipped in later.",
    text(f"""
    with last as (select system_identifier, horizon_xid from shop.ledger_seal order by seal_no desc limit 1),
    sealed as materialized (select unnest(transaction_ids) as id from shop.ledger_seal)
    select t.reference, count(*) over () as found from shop.ledger_transaction as t, last
    where t.row_xid < last.horizon_xid
        and last.system_identifier = (select system_identifier::text from pg_control_system())
        and not exists (select from sealed where sealed.id = t.id)
    limit {MOST}
    """),
)
FILE = "The published heads cannot be trusted any more: {problem}."
UNFINISHED = "The last line of the published heads is unfinished, as after a crash; the next seal takes it off."
PUBLIC_KEY = "The public key beside the published heads is not that of this shop's key."
CHANGED = "Seal {seal_no}: its {count} transactions are not what they were when they were sealed."
GONE = "Seal {seal_no}: at least one of its {count} transactions is gone."
FORGED = "Seal {seal_no} in the database is not the one that was published: it was made anew."
MISSING = "Seal {seal_no} was published but is not in the database."
UNPUBLISHED = (
    "Seal {seal_no} is not among the published heads; the next run of the sealer publishes it or says why not."
)
TAIL = "The oldest transaction without a seal has waited for {minutes} minutes: the sealer is not running."


async def findings(session: ReadSession, file: HeadsFile, before: Published, *, newest: int | None) -> list[Finding]:
    """What is wrong with the seals. `before` is the file as read before the session's snapshot was taken.

    Every seal is compared with its published head; the rows of the `newest` seals only, or of all (None), are hashed.
    """
    found = _about_the_file(file, before)
    found += await _about_the_seals(session, file, before, newest)
    found += await SEALED_TWICE.findings(session)
    found += await SLIPPED_IN.findings(session)
    minutes = int((await unsealed_age(session)).total_seconds() // 60)
    if minutes >= LONGEST_TAIL_MIN:
        found.append(Finding("seals", TAIL, {"minutes": minutes}))
    return found


def _about_the_file(file: HeadsFile, before: Published) -> list[Finding]:
    found = []
    if before.problem:
        found.append(Finding("published_heads", FILE, {"problem": before.problem}))
    if before.unfinished:
        found.append(Finding("published_heads", UNFINISHED))
    if not file.keys_agree():
        found.append(Finding("published_heads", PUBLIC_KEY))
    return found


async def _about_the_seals(
    session: ReadSession, file: HeadsFile, before: Published, newest: int | None
) -> list[Finding]:
    found: list[Finding] = []
    published = {head.seal_no: head for head in before.heads}
    kept: set[int] = set()
    hashed_from = 0 if newest is None else before.last_no - newest
    last = 0
    while rows := (await session.execute(SEALS, {"after": last})).all():
        for row in rows:
            last = row.seal_no
            kept.add(last)
            if last not in published and last > before.last_no and not before.problem:
                published |= {head.seal_no: head for head in file.read().heads}  # published meanwhile
            finding = await _about(session, row, published.get(last), hashes=last > hashed_from)
            found += [Finding("seals", finding, {"seal_no": last, "count": row.transaction_count})] if finding else []
    lost = {number for loss in before.losses for number in range(loss.lost_from, loss.lost_to + 1)}
    missing = sorted({head.seal_no for head in before.heads} - kept - lost)
    return found + [Finding("seals", MISSING, {"seal_no": number}) for number in missing[:MOST]]


async def _about(session: ReadSession, row: object, published: Head | None, *, hashes: bool) -> str | None:
    sealed = head_of_row(row)
    if published is not None and sealed != published:
        return FORGED
    if hashes:
        root = await root_of_rows(session, row.transaction_ids)  # type: ignore[attr-defined]
        if root != sealed.merkle_root:
            return CHANGED if root else GONE
    return None if published is not None else UNPUBLISHED
