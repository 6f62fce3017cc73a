"""Taking stock in: a file of codes, sealed, stored and posted whole or refused whole; or units of physical goods.

What may be wrong with a file is `examination`'s; a preview tells it without taking anything.
"""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from anyio import to_thread
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from mingsuan import clock, money
from transactional.accounts import service as accounts
from transactional.arrays import arrays, insert
from transactional.cards import queries
from transactional.cards.errors import WrongKindError
from transactional.cards.examination import BatchFile, Examined, RefusedBatchError, examine
from transactional.cards.keyring import new_data_key
from transactional.cards.models import CardBatch
from transactional.cards.schemas import BatchPreview, CardBatchView, NewStockUnits, PreviewProblem
from transactional.cards.vault import Code, Vault
from transactional.catalogue import service as catalogue
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError
from transactional.ledger.rules import codes_bought
from transactional.suppliers.money import balances
from transactional.suppliers.money.naming import supplier_named

PROBLEMS_SHOWN = 200
CARD = {
    "id": "bigint",
    "batch_id": "bigint",
    "sku_id": "bigint",
    "data_key_id": "bigint",
    "ciphertext": "bytea",
    "fingerprint": "bytea",
    "cost_fen": "bigint",
    "expires_at": "timestamptz",
}
INSERT_CARDS = text(insert("card", CARD))


async def preview_batch(
    session: ReadSession,
    vault: Vault,
    file: BatchFile,
    sku_code: str,
    total_cost_fen: int | None,
    zone: ZoneInfo,
    expires_at: datetime | None = None,
    language: str = "en",
) -> BatchPreview:
    """What importing the file would do, and every reason why it would be refused; nothing is written.

    Raises RefusedBatchError for a file that cannot be read, InvalidInputError, NotFoundError, WrongKindError.
    """
    await _sku_of_kind(session, sku_code, "card_code")
    _refuse_bad_terms(total_cost_fen, expires_at)
    found = await examine(session, vault, file, expires_at, zone)
    costs = [cost for cost in _costs(total_cost_fen, len(found.rows)) if cost is not None]
    return BatchPreview(
        sku_code=sku_code,
        card_count=len(found.rows),
        first_code=masked(found.rows[0].code),
        last_code=masked(found.rows[-1].code),
        with_secret_count=sum(row.code.secret is not None for row in found.rows),
        total_cost_fen=total_cost_fen,
        least_unit_cost_fen=min(costs, default=None),
        greatest_unit_cost_fen=max(costs, default=None),
        first_expiry_at=min((at for at in found.expires_at if at), default=None),
        repeated_count=found.repeated,
        known_count=found.known,
        problem_count=len(found.problems),
        problems=tuple(
            PreviewProblem(place=problem.place, reason=problem.sentence(language))
            for problem in found.problems[:PROBLEMS_SHOWN]
        ),
    )


def masked(code: Code) -> str:
    """Enough of a code to see that the right column was read: its ends, of a long one."""
    return f"{code.code[:2]}••••{code.code[-2:]}" if len(code.code) >= 8 else "••••"


async def import_batch(
    session: WriteSession,
    vault: Vault,
    file: BatchFile,
    sku_code: str,
    total_cost_fen: int | None,
    supplier_name: str,
    zone: ZoneInfo,
    imported_by: int | None = None,
    expires_at: datetime | None = None,
) -> CardBatchView:
    """Every code of the file becomes a free card of the SKU; the cost, if known, is split over them to the fen.

    Raises RefusedBatchError, InvalidInputError for a negative cost or an end that has passed, NotFoundError for an
    unknown SKU, WrongKindError for one that is not sold as codes.
    """
    _refuse_bad_terms(total_cost_fen, expires_at)
    sku_id = await _sku_of_kind(session, sku_code, "card_code")
    found = await examine(session, vault, file, expires_at, zone)
    if found.problems:
        raise RefusedBatchError(found.problems)
    batch = CardBatch(
        sku_id=sku_id,
        supplier_name=supplier_name.strip(),
        supplier_id=await supplier_named(session, supplier_name),
        card_count=len(found.rows),
        total_cost_fen=total_cost_fen,
        file_name=file.name,
        file_sha256=file.sha256,
        imported_by=imported_by,
        imported_at=clock.now(),
        expires_at=expires_at,
    )
    try:
        async with session.begin_nested():
            session.add(batch)
            await session.flush()
            await _store(session, vault, batch, found)
    except IntegrityError:
        raise RefusedBatchError(
            [FieldProblem("file", "Some of these codes were imported at the same moment.")]
        ) from None
    await _owe(session, batch, zone)
    await _on_record(session, batch, sku_code)
    return view_of(batch, sku_code)


async def add_stock_units(
    session: WriteSession, new: NewStockUnits, zone: ZoneInfo, added_by: int | None, expires_at: datetime | None
) -> CardBatchView:
    """Units of a physical good come into stock: cards without a code. Raises as `import_batch` does."""
    _refuse_bad_terms(new.total_cost_fen, expires_at)
    batch = CardBatch(
        sku_id=await _sku_of_kind(session, new.sku_code, "physical"),
        supplier_name=new.supplier_name,
        supplier_id=await supplier_named(session, new.supplier_name),
        card_count=new.count,
        total_cost_fen=new.total_cost_fen,
        file_name="",
        imported_by=added_by,
        imported_at=clock.now(),
        expires_at=expires_at,
    )
    session.add(batch)
    await session.flush()
    ids = await queries.next_ids(session, "card", new.count)
    costs = _costs(new.total_cost_fen, new.count)
    units = [
        (unit, batch.id, batch.sku_id, None, None, None, cost, expires_at)
        for unit, cost in zip(ids, costs, strict=True)
    ]
    await session.execute(INSERT_CARDS, arrays("card", CARD, units))
    await _owe(session, batch, zone)
    await _on_record(session, batch, new.sku_code)
    return view_of(batch, new.sku_code)


async def _owe(session: WriteSession, batch: CardBatch, zone: ZoneInfo) -> None:
    """What a batch cost is owed to its supplier, by whom it is known; what is unknown posts nothing."""
    about = (batch.id, batch.total_cost_fen or 0, batch.imported_at)
    await balances.post(session, [codes_bought(*about, supplier_id=batch.supplier_id)], zone)


async def _on_record(session: WriteSession, batch: CardBatch, sku_code: str) -> None:
    """What staff took in; a batch that nobody of the staff imported is no act."""
    if batch.imported_by is not None:
        detail = {"count": batch.card_count, "sku": sku_code}
        await accounts.record_act(
            session, batch.imported_by, "import_cards", f"card-batch:{batch.public_id}", detail=detail
        )


async def _sku_of_kind(session: ReadSession, sku_code: str, kind: str) -> int:
    sku_id = await catalogue.sku_id(session, sku_code)
    if await queries.kind_of_sku(session, sku_id) != kind:
        raise WrongKindError(sku=sku_code)
    return sku_id


def _refuse_bad_terms(total_cost_fen: int | None, expires_at: datetime | None) -> None:
    if total_cost_fen is not None and total_cost_fen < 0:
        raise InvalidInputError([FieldProblem("total_cost_fen", "Must not be negative.")])
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInputError([FieldProblem("expires_on", "The code has expired already.")])


async def _store(session: WriteSession, vault: Vault, batch: CardBatch, found: Examined) -> None:
    """A data key of the batch's own, and its cards under it."""
    key = await new_data_key(session, vault)
    card_ids = await queries.next_ids(session, "card", len(found.rows))
    codes = {card: row.code for card, row in zip(card_ids, found.rows, strict=True)}
    sealed = await to_thread.run_sync(vault.seal_codes, key, codes)
    costs = _costs(batch.total_cost_fen, len(found.rows))
    cards = [
        (card, batch.id, batch.sku_id, key.id, sealed[card], fingerprint, cost, expires_at)
        for card, fingerprint, cost, expires_at in zip(
            card_ids, found.fingerprints, costs, found.expires_at, strict=True
        )
    ]
    await session.execute(INSERT_CARDS, arrays("card", CARD, cards))


def _costs(total_cost_fen: int | None, count: int) -> Sequence[int | None]:
    return [None] * count if total_cost_fen is None else money.split(total_cost_fen, [1] * count)


def view_of(batch: CardBatch, sku_code: str) -> CardBatchView:
    """A batch as staff see it."""
    return CardBatchView(
        id=batch.public_id,
        sku_code=sku_code,
        card_count=batch.card_count,
        total_cost_fen=batch.total_cost_fen,
        supplier_name=batch.supplier_name,
        file_name=batch.file_name,
        imported_at=batch.imported_at,
        expires_at=batch.expires_at,
    )
