"""What a shopper keeps of an accepted range of entries: the log's signed promise to hold it within the merge delay."""

import base64
from uuid import UUID

from transactional.canonical_json import canonical
from transactional.draws.log.keeper import Keeper
from transactional.draws.models import Draw, DrawEntry

TAG = b"mingsuan/draw/receipt/v1\0"
MERGE_DELAY_S = 60


def signed(keeper: Keeper, entry: DrawEntry, draw: Draw) -> dict[str, object]:
    """The receipt of a range, as docs/draw-bundle.md has it."""
    return of_range(
        keeper,
        draw.public_id,
        first=entry.first_index,
        count=entry.count,
        kind=entry.kind,
        user_ref=entry.user_ref,
        nonce=entry.nonce,
        second=entry.accepted_second,
    )


def of_range(
    keeper: Keeper, draw: UUID, *, first: int, count: int, kind: str, user_ref: bytes, nonce: bytes, second: int
) -> dict[str, object]:
    """The same from the range's parts. The signature is deterministic: a receipt may be made again at any time."""
    says = {
        "type": "draw-receipt/v1",
        "draw_id": draw.hex,
        "first": first,
        "count": count,
        "kind": kind,
        "user_ref": user_ref.hex(),
        "nonce": nonce.hex(),
        "at": second,
        "merge_delay_s": MERGE_DELAY_S,
    }
    signature = base64.b64encode(keeper.key.sign(TAG + canonical(says))).decode()
    return {"receipt": says, "key": str(keeper.verifier), "signature": signature}
