"""What is to be sent: paid physical units that are kept for their orders and are in no parcel yet."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.logistics.destinations import Place, place_of

MOST_ORDERS = 500

WAITING = text("""
with chosen as (
    select o.id, o.order_no, o.paid_at
    from shop.orders as o
    where o.paid_at is not null and o.state in ('paid', 'fulfilling', 'partially_delivered', 'refund_pending')
        and (cast(:order_no as text) is null or o.order_no = :order_no) and exists (
            select from shop.order_item as i
            join shop.fulfilment as f on f.order_item_id = i.id
            join shop.sku as s on s.id = i.sku_id
            join shop.product as p on p.id = s.product_id
            where i.order_id = o.id and f.state = 'waiting' and f.waits_for = 'manual' and p.kind = 'physical'
        )
    order by o.paid_at, o.id limit :limit
)
select chosen.order_no, chosen.paid_at, f.public_id, s.code, p.title_zh, p.title_en, s.name_zh, s.name_en
from chosen
join shop.order_item as i on i.order_id = chosen.id
join shop.fulfilment as f on f.order_item_id = i.id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where f.state = 'waiting' and f.waits_for = 'manual' and p.kind = 'physical'
order by chosen.paid_at, chosen.order_no, i.line_no, f.unit_no
""")


@dataclass(frozen=True, slots=True)
class Piece:
    """One unit to be put into a parcel."""

    id: UUID
    code: str
    title_zh: str
    title_en: str
    name_zh: str
    name_en: str


@dataclass(frozen=True, slots=True)
class ToSend:
    """An order with the pieces that wait, and where they go, if that was opened and is known."""

    order_no: str
    paid_at: datetime
    pieces: tuple[Piece, ...]
    place: Place | None = None

    @property
    def goods(self) -> tuple[tuple[Piece, int], ...]:
        """Each SKU once, with how many of it."""
        counts = Counter(piece.code for piece in self.pieces)
        return tuple(({piece.code: piece for piece in self.pieces}[code], count) for code, count in counts.items())


async def to_send(
    session: ReadSession, vault: Vault | None, order_no: str | None = None, most: int = MOST_ORDERS
) -> list[ToSend]:
    """Who paid first comes first. With a vault the addresses are opened: that is for those who deliver."""
    rows = await session.execute(WAITING, {"order_no": order_no, "limit": most})
    orders: dict[str, tuple[datetime, list[Piece]]] = {}
    for row in rows:
        piece = Piece(row.public_id, row.code, row.title_zh, row.title_en, row.name_zh, row.name_en)
        orders.setdefault(row.order_no, (row.paid_at, []))[1].append(piece)
    return [
        ToSend(number, paid_at, tuple(pieces), await place_of(session, vault, "order", number) if vault else None)
        for number, (paid_at, pieces) in orders.items()
    ]


def picking(orders: list[ToSend]) -> list[tuple[Piece, int]]:
    """What to take from the shelves for all of them, by SKU."""
    pieces = {piece.code: piece for order in orders for piece in order.pieces}
    counts = Counter(piece.code for order in orders for piece in order.pieces)
    return [(pieces[code], counts[code]) for code in sorted(counts)]
