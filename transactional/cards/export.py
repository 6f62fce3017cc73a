"""Taking a batch's codes out in clear: for the owner, with a reason, on record before anything is shown."""

import csv
import io
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from anyio import to_thread

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.cards import stock_queries as queries
from transactional.cards.models import CardExport
from transactional.cards.sealed import DataKey, SealedCode
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.spreadsheet_text import harmless

COLUMNS = ("code", "secret", "state", "expires_at")


async def export_batch(
    session: WriteSession,
    vault: Vault,
    batch: UUID,
    reason: str,
    staff_id: int | None,
    *,
    delivered: bool = False,
    repeated: bool = False,
) -> bytes:
    """A CSV file (UTF-8 with its mark) of the batch's codes, without those that customers have unless `delivered`.

    `repeated` (the same command again) is not recorded twice. Raises NotFoundError.
    """
    row = await queries.locked_batch(session, batch)
    cards = await queries.sealed_cards(session, row.id, delivered)
    if not repeated:
        export = CardExport(batch_id=row.id, card_count=len(cards), reason=reason, exported_by=staff_id)
        export.exported_at = clock.now()
        session.add(export)
        detail = {"count": len(cards), "delivered": delivered}
        await accounts.record_act(
            session, staff_id, "export_cards", f"card-batch:{batch}", reason=reason, detail=detail
        )
    return await to_thread.run_sync(_csv, vault, cards)


def _csv(vault: Vault, cards: Sequence[Any]) -> bytes:
    file = io.StringIO(newline="")
    rows = csv.writer(file)
    rows.writerow(COLUMNS)
    for card in cards:
        sealed = SealedCode(card.id, DataKey(card.key_id, bytes(card.wrapped)), bytes(card.ciphertext))
        code = vault.open_code(sealed)
        expires = card.expires_at.isoformat() if card.expires_at else ""
        rows.writerow([harmless(code.code), harmless(code.secret or ""), card.state, expires])
    return file.getvalue().encode("utf-8-sig")
