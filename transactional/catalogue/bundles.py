"""What bundles consist of: editing their parts, and keeping their prices at or below their parts' together."""

from collections.abc import Sequence

from sqlalchemy import insert, select, update

from mingsuan import clock
from transactional.catalogue import offer_queries
from transactional.catalogue.errors import DearBundleError, NotABundleError
from transactional.catalogue.models import BundleItem, Product, Sku
from transactional.catalogue.schemas import NewPart
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError

OF_CODES = select(Sku.code, Sku.id, Product.kind).join(Product, Product.id == Sku.product_id)


async def set_parts(session: WriteSession, code: str, parts: Sequence[NewPart]) -> str:
    """Gives a bundle these parts and no others; the slug of its product. What it had stays on record.

    Raises NotFoundError, NotABundleError, InvalidInputError (unknown, repeated, or itself a bundle), DearBundleError.
    """
    found = select(Sku.id, Product.kind, Product.slug).join(Product, Product.id == Sku.product_id)
    bundle = (await session.execute(found.where(Sku.code == code).with_for_update(of=Sku))).one_or_none()
    if bundle is None:
        raise NotFoundError
    if bundle.kind != "bundle":
        raise NotABundleError
    ids = await _part_ids(session, parts)
    current = update(BundleItem).where(BundleItem.bundle_sku_id == bundle.id, BundleItem.removed_at.is_(None))
    await session.execute(current.values(removed_at=clock.now()))
    rows = [
        {"bundle_sku_id": bundle.id, "part_sku_id": ids[part.sku_code], "quantity": part.quantity, "position": position}
        for position, part in enumerate(parts)
    ]
    await session.execute(insert(BundleItem), rows)
    await refuse_dear(session, [code])
    return str(bundle.slug)


async def refuse_dear(session: ReadSession, codes: Sequence[str]) -> None:
    """Raises DearBundleError when one of these SKUs is a bundle that costs more than its parts.

    What has no price yet, or a part without one, is not for sale and so not dear.
    """
    for price_fen, parts_fen in await offer_queries.bundle_sums(session, codes, clock.now()):
        if price_fen > parts_fen:
            raise DearBundleError


async def _part_ids(session: ReadSession, parts: Sequence[NewPart]) -> dict[str, int]:
    codes = [part.sku_code for part in parts]
    known = {row.code: row for row in await session.execute(OF_CODES.where(Sku.code.in_(codes)))}
    faults = []
    for number, code in enumerate(codes):
        place = f"parts.{number}.sku_code"
        if code not in known:
            faults.append(FieldProblem(place, "There is no such SKU."))
        elif known[code].kind == "bundle":
            faults.append(FieldProblem(place, "A bundle cannot contain a bundle."))
        elif code in codes[:number]:
            faults.append(FieldProblem(place, "This SKU is in the list already."))
    if faults:
        raise InvalidInputError(faults)
    return {code: row.id for code, row in known.items()}
