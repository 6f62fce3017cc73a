"""SQL of couriers' statements."""

from collections.abc import Sequence

from sqlalchemy import select, text

from transactional.arrays import arrays, insert
from transactional.db import ReadSession, WriteSession
from transactional.logistics.charge_models import CourierStatement
from transactional.logistics.charge_rules import Charge, ChargeKey, Parcel

CHARGE = {
    "id": "bigint",
    "statement_id": "bigint",
    "line_no": "bigint",
    "part_no": "bigint",
    "courier": "text",
    "tracking_no": "text",
    "charge_kind": "text",
    "reference": "text",
    "charged_date": "date",
    "amount_fen": "bigint",
    "posted_fen": "bigint",
    "shipment_id": "bigint",
    "order_item_id": "bigint",
}
RESERVE = text("select nextval('shop.courier_charge_id_seq') from generate_series(1, :count)")
INSERT = text(insert("courier_charge", CHARGE))
POSTED = text("""
select c.tracking_no, c.charge_kind, c.reference, sum(c.posted_fen)::bigint as fen from shop.courier_charge as c
where c.courier = :courier and c.tracking_no = any(cast(:numbers as text[])) group by 1, 2, 3
""")
# A parcel that staff wrote down without its courier's name is found by its number alone.
PARCELS = text("""
select s.tracking_no, s.id as shipment_id, s.courier, f.order_item_id, count(f.id) as units
from shop.shipment as s
left join shop.shipment_item as i on i.shipment_id = s.id left join shop.fulfilment as f on f.id = i.fulfilment_id
where s.tracking_no = any(cast(:numbers as text[])) and s.courier in (:courier, 'other')
group by s.tracking_no, s.id, s.courier, f.order_item_id
order by s.courier = :courier, s.id, f.order_item_id
""")


async def stored(session: ReadSession, digest: bytes) -> CourierStatement | None:
    return await session.scalar(select(CourierStatement).where(CourierStatement.file_sha256 == digest))


async def posted(session: ReadSession, courier: str, numbers: Sequence[str]) -> dict[ChargeKey, int]:
    """Fen in the ledger by what is charged once, of these tracking numbers."""
    rows = await session.execute(POSTED, {"courier": courier, "numbers": list(numbers)})
    return {(row.tracking_no, row.charge_kind, row.reference): row.fen for row in rows}


async def parcels(session: ReadSession, courier: str, numbers: Sequence[str]) -> dict[str, Parcel]:
    """The shop's parcels by tracking number; one that is known by its courier goes before one that is not."""
    found: dict[str, dict[int, list[tuple[int, int]]]] = {}
    for row in await session.execute(PARCELS, {"courier": courier, "numbers": list(numbers)}):
        items = found.setdefault(row.tracking_no, {}).setdefault(row.shipment_id, [])
        if row.order_item_id is not None:
            items.append((row.order_item_id, row.units))
    newest = {number: list(of_number.items())[-1] for number, of_number in found.items()}
    return {number: Parcel(shipment_id, tuple(items)) for number, (shipment_id, items) in newest.items()}


async def keep(session: WriteSession, statement: CourierStatement, charges: Sequence[Charge]) -> list[int]:
    """Writes the lines; their ids."""
    ids = list(await session.scalars(RESERVE, {"count": len(charges)}))
    rows = [
        (
            number,
            statement.id,
            each.line.line_no,
            each.part_no,
            statement.courier,
            *each.line.key,
            each.line.day,
            each.amount_fen,
            each.posted_fen,
            each.shipment_id,
            each.order_item_id,
        )
        for number, each in zip(ids, charges, strict=True)
    ]
    await session.execute(INSERT, arrays("courier_charge", CHARGE, rows))
    return ids
