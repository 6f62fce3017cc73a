"""A purchase that may go ahead, and the rows that it becomes. No SQL runs here."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan.clock import business_date
from transactional.arrays import arrays, insert
from transactional.ledger import rows as ledger
from transactional.ledger.rules import Delivered, Posting, item_delivered, order_paid
from transactional.orders.numbers import order_number
from transactional.orders.requests import BuyRequest
from transactional.orders.rules import state_of
from transactional.orders.schemas import OrderPlaced

ORDER = {
    "id": "bigint",
    "public_id": "uuid",
    "order_no": "text",
    "customer_id": "bigint",
    "state": "text",
    "gross_fen": "bigint",
    "discount_fen": "bigint",
    "net_fen": "bigint",
    "ordered_at": "timestamptz",
    "paid_at": "timestamptz",
    "delivered_at": "timestamptz",
}
ITEM = {
    "id": "bigint",
    "order_id": "bigint",
    "line_no": "bigint",
    "sku_id": "bigint",
    "quantity": "bigint",
    "gross_fen": "bigint",
    "discount_fen": "bigint",
    "net_fen": "bigint",
}
FULFILMENT = {
    "id": "bigint",
    "order_item_id": "bigint",
    "unit_no": "bigint",
    "quantity": "bigint",
    "state": "text",
    "gross_fen": "bigint",
    "discount_fen": "bigint",
    "cost_fen": "bigint",
    "delivered_at": "timestamptz",
}
PAYMENT = {
    "id": "bigint",
    "order_id": "bigint",
    "method": "text",
    "state": "text",
    "amount_fen": "bigint",
    "paid_at": "timestamptz",
}
EVENT = {"order_id": "bigint", "kind": "text", "happened_at": "timestamptz"}
ANSWER = {"subject": "text", "key": "text", "request_sha256": "bytea", "status_code": "bigint", "answer": "text"}

WRITES = (
    insert("orders", ORDER),
    insert("order_item", ITEM),
    insert("fulfilment", FULFILMENT),
    insert("payment", PAYMENT),
    insert("order_event", EVENT),
    insert("idempotency_key", ANSWER),
    *ledger.INSERTS,
)
EVENTS = ("placed", "paid", "delivered")


@dataclass(frozen=True, slots=True)
class ClaimedCard:
    """A locked free code, with the ids reserved for its fulfilment and its ledger transaction."""

    card_id: int
    fulfilment_id: int
    transaction_id: int
    cost_fen: int | None


@dataclass(frozen=True, slots=True)
class Sale:
    """A paid request with its claimed cards and the ids reserved for its rows."""

    request: BuyRequest
    public_id: UUID
    order_no: str
    order_id: int
    item_id: int
    payment_id: int
    transaction_id: int
    sku_id: int
    price_fen: int
    balance_fen: int
    cards: tuple[ClaimedCard, ...]
    at: datetime

    @property
    def net_fen(self) -> int:
        return self.price_fen * self.request.quantity

    @property
    def state(self) -> str:
        return state_of(True, ["delivered"] * len(self.cards))

    def placed(self) -> OrderPlaced:
        """What the shopper is told, now and when the same command comes again."""
        return OrderPlaced.model_validate(
            {
                "id": self.public_id,
                "order_no": self.order_no,
                "state": self.state,
                "quantity": self.request.quantity,
                "net_fen": self.net_fen,
                "balance_fen": self.balance_fen - self.net_fen,
                "ordered_at": self.at,
            }
        )

    def postings(self) -> Iterator[tuple[int, Posting]]:
        """The payment and each delivery, with their reserved ids."""
        customer_id = self.request.customer_id
        paid = order_paid(self.payment_id, self.order_id, customer_id, "wallet", self.net_fen, self.at)
        yield self.transaction_id, paid
        for card in self.cards:
            about = (card.fulfilment_id, self.item_id, self.order_id, customer_id)
            yield card.transaction_id, item_delivered(Delivered(*about, self.price_fen, 0, card.cost_fen, self.at))


def new_order_no(at: datetime, zone: ZoneInfo) -> str:
    """A fresh number of the business date."""
    return order_number(business_date(at, zone))


def parameters(sales: Sequence[Sale], zone: ZoneInfo) -> dict[str, list[object]]:
    """What WRITES, the cards and the wallets take."""
    postings = [(number, posting) for sale in sales for number, posting in sale.postings() if posting]
    return {
        **arrays("orders", ORDER, [_order(sale) for sale in sales]),
        **arrays("order_item", ITEM, [_item(sale) for sale in sales]),
        **arrays("fulfilment", FULFILMENT, [unit for sale in sales for unit in _units(sale)]),
        **arrays("payment", PAYMENT, [_payment(sale) for sale in sales if sale.net_fen]),
        **arrays("order_event", EVENT, [(sale.order_id, kind, sale.at) for sale in sales for kind in EVENTS]),
        **arrays("idempotency_key", ANSWER, [_answer(sale) for sale in sales]),
        **ledger.parameters(postings, zone),
        "card_id": [card.card_id for sale in sales for card in sale.cards],
        "card_fulfilment_id": [card.fulfilment_id for sale in sales for card in sale.cards],
        "wallet_customer_id": [sale.request.customer_id for sale in sales],
        "wallet_net_fen": [sale.net_fen for sale in sales],
    }


def _order(sale: Sale) -> tuple[object, ...]:
    who = (sale.order_id, sale.public_id, sale.order_no, sale.request.customer_id, sale.state)
    return (*who, sale.net_fen, 0, sale.net_fen, sale.at, sale.at, sale.at)


def _item(sale: Sale) -> tuple[object, ...]:
    return (sale.item_id, sale.order_id, 1, sale.sku_id, sale.request.quantity, sale.net_fen, 0, sale.net_fen)


def _units(sale: Sale) -> Iterator[tuple[object, ...]]:
    for number, card in enumerate(sale.cards, start=1):
        unit = (card.fulfilment_id, sale.item_id, number, 1, "delivered")
        yield (*unit, sale.price_fen, 0, card.cost_fen, sale.at)


def _payment(sale: Sale) -> tuple[object, ...]:
    return (sale.payment_id, sale.order_id, "wallet", "succeeded", sale.net_fen, sale.at)


def _answer(sale: Sale) -> tuple[object, ...]:
    request = sale.request
    return (request.subject, request.idempotency_key, request.sha256, 201, sale.placed().model_dump_json())
