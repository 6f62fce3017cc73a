"""The writer that puts orders of the past and their postings into the shop by COPY.

Imports and simulations share it. What a file means, or what customers would have done, is decided by them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from mingsuan import money
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.ledger import bulk, rules
from transactional.ledger.gateway_rules import unearned_of
from transactional.orders.historic import HistoricCustomer, HistoricItem, HistoricOrder, HistoricRefund, HistoricUnit

WRITERS_LOCK = 0x6D696E67_73756101
"""Advisory lock that one writer of histories holds at a time."""


@dataclass(frozen=True, slots=True)
class _NumberedUnit:
    key: int
    unit_no: int
    unit: HistoricUnit


@dataclass(frozen=True, slots=True)
class _NumberedItem:
    key: int
    item: HistoricItem
    units: tuple[_NumberedUnit, ...]


@dataclass(frozen=True, slots=True)
class _NumberedOrder:
    key: int
    order: HistoricOrder
    items: tuple[_NumberedItem, ...]


class HistoryWriter:
    """Writes into the caller's transaction, on a connection of role shop_app. `source` marks every row it writes."""

    def __init__(self, connection: Connection, source: str, zone: tzinfo, import_id: int | None = None) -> None:
        self._connection = connection
        self._source = source
        self._zone = zone
        self._import_id = import_id
        self._payments: dict[int, int] = {}

    def write_customers(self, customers: Sequence[HistoricCustomer]) -> list[int]:
        """Keys of the new customers, in their order. Raises psycopg.errors.UniqueViolation for a known `ref`."""
        keys = reserve_ids(self._connection, "customer", len(customers))
        columns = ("id", "source", "external_ref", "display_name", "acquisition_channel", "registered_at")
        rows = (
            (key, self._source, one.ref, one.display_name, one.acquisition_channel, one.registered_at)
            for key, one in zip(keys, customers, strict=True)
        )
        copy_rows(self._connection, "customer", columns, rows)
        return keys

    def write_orders(self, orders: Sequence[HistoricOrder]) -> list[int]:
        """Orders with lines, fulfilments, payments, refunds, events and postings.

        Returns the keys of the fulfilments, in the order of orders, their lines and their units.
        """
        numbered = self._numbered(orders)
        self._copy_orders(numbered)
        self._copy_items(numbered)
        postings = [*self._paid(numbered), *_delivered(numbered), *self._refunded(numbered)]
        bulk.write(self._connection, postings, self._zone)
        return [unit.key for one in numbered for item in one.items for unit in item.units]

    def _numbered(self, orders: Sequence[HistoricOrder]) -> list[_NumberedOrder]:
        items = [item for order in orders for item in order.items]
        order_keys = iter(reserve_ids(self._connection, "orders", len(orders)))
        item_keys = iter(reserve_ids(self._connection, "order_item", len(items)))
        unit_keys = iter(reserve_ids(self._connection, "fulfilment", sum(len(item.units) for item in items)))
        return [
            _NumberedOrder(
                next(order_keys),
                order,
                tuple(
                    _NumberedItem(
                        next(item_keys),
                        item,
                        tuple(_NumberedUnit(next(unit_keys), no, unit) for no, unit in enumerate(item.units, 1)),
                    )
                    for item in order.items
                ),
            )
            for order in orders
        ]

    def _copy_orders(self, numbered: Sequence[_NumberedOrder]) -> None:
        columns = ("id", "order_no", "customer_id", "state", "gross_fen", "discount_fen", "net_fen", "ordered_at")
        origin = ("paid_at", "delivered_at", "source", "source_ref", "import_id")
        copy_rows(self._connection, "orders", columns + origin, map(self._order_row, numbered))
        events = ((one.key, kind, at) for one in numbered for kind, at in one.order.events)
        copy_rows(self._connection, "order_event", ("order_id", "kind", "happened_at"), events)

    def _order_row(self, numbered: _NumberedOrder) -> tuple[object, ...]:
        order, gross, discount = numbered.order, numbered.order.gross_fen, numbered.order.discount_fen
        return (
            numbered.key,
            order.order_no or f"{self._source}#{numbered.key}",
            order.customer_id,
            order.state,
            gross,
            discount,
            gross - discount,
            order.ordered_at,
            order.paid_at,
            order.delivered_at,
            self._source,
            order.source_ref,
            self._import_id,
        )

    def _copy_items(self, numbered: Sequence[_NumberedOrder]) -> None:
        columns = ("id", "order_id", "line_no", "sku_id", "quantity", "gross_fen", "discount_fen", "net_fen")
        copy_rows(self._connection, "order_item", columns, _item_rows(numbered))
        columns = ("id", "order_item_id", "unit_no", "quantity", "state", "gross_fen", "discount_fen", "cost_fen")
        copy_rows(self._connection, "fulfilment", (*columns, "delivered_at", "waits_for"), _unit_rows(numbered))

    def _paid(self, numbered: Sequence[_NumberedOrder]) -> Iterator[rules.Posting]:
        paid = [
            (one, one.order.method, one.order.paid_at, one.order.gross_fen - one.order.discount_fen)
            for one in numbered
            if one.order.method and one.order.paid_at and one.order.gross_fen > one.order.discount_fen
        ]
        keys = reserve_ids(self._connection, "payment", len(paid))
        columns = ("id", "order_id", "method", "state", "amount_fen", "fee_fen", "paid_at")
        rows = (
            (key, one.key, method, "succeeded", net, one.order.fee_fen, at, *_trade(one.order))
            for key, (one, method, at, net) in zip(keys, paid, strict=True)
        )
        copy_rows(self._connection, "payment", (*columns, "out_trade_no", "gateway_trade_no"), rows)
        self._payments = {one.key: key for key, (one, *_) in zip(keys, paid, strict=True)}
        for key, (one, method, at, net) in zip(keys, paid, strict=True):
            yield rules.order_paid(key, one.key, one.order.customer_id, method, net, at, one.order.membership_fen)
            if one.order.fee_fen:
                yield rules.fee_charged(key, one.key, one.order.customer_id, _fees(one), at)

    def _refunded(self, numbered: Sequence[_NumberedOrder]) -> Iterator[rules.Posting]:
        refunds = [
            (one, item, unit, back)
            for one in numbered
            for item in one.items
            for unit in item.units
            for back in unit.unit.refunds
        ]
        payouts = self._copy_payouts([(one, back) for one, _, _, back in refunds])
        keys = reserve_ids(self._connection, "refund", len(refunds))
        columns = ("id", "fulfilment_id", "method", "state", "amount_fen", "earned", "reason", "refunded_at")
        rows = (
            _refund_row(key, unit.key, back, payouts.get(back.out_refund_no or ""))
            for key, (_, _, unit, back) in zip(keys, refunds, strict=True)
        )
        copy_rows(self._connection, "refund", (*columns, "payout_id"), rows)
        for key, (one, item, unit, back) in zip(keys, refunds, strict=True):
            handed_over = _as_delivered(one, item, unit, unit.unit.delivered_at or back.refunded_at)
            unearned = unearned_of(item.item.is_membership)
            yield rules.refund_granted(key, handed_over, back.amount_fen, back.earned, back.refunded_at, unearned)
            if back.paid_out_at:
                customer = one.order.customer_id
                yield rules.refund_paid_out(key, one.key, customer, back.method, back.amount_fen, back.paid_out_at)

    def _copy_payouts(self, refunds: Sequence[tuple[_NumberedOrder, HistoricRefund]]) -> dict[str, int]:
        """Keys of the payouts by their number."""
        together: dict[str, list[HistoricRefund]] = defaultdict(list)
        orders: dict[str, int] = {}
        for one, back in refunds:
            if back.out_refund_no:
                together[back.out_refund_no].append(back)
                orders[back.out_refund_no] = one.key
        keys = reserve_ids(self._connection, "refund_payout", len(together))
        columns = ("id", "payment_id", "method", "state", "amount_fen", "out_refund_no", "requested_at", "paid_out_at")
        rows = (
            (key, self._payments[orders[number]], *_payout(together[number]))
            for key, number in zip(keys, together, strict=True)
        )
        copy_rows(self._connection, "refund_payout", columns, rows)
        return dict(zip(together, keys, strict=True))


def _payout(together: Sequence[HistoricRefund]) -> tuple[object, ...]:
    """What went back at once: method, state, amount, number, when it was asked for and paid out."""
    first, amount_fen = together[0], sum(back.amount_fen for back in together)
    state = "succeeded" if first.paid_out_at else "processing"
    return first.method, state, amount_fen, first.out_refund_no, first.refunded_at, first.paid_out_at


def _refund_row(key: int, unit: int, back: HistoricRefund, payout: int | None) -> tuple[object, ...]:
    what = (back.method, _state(back), back.amount_fen, back.earned, back.reason, back.refunded_at)
    return (key, unit, *what, payout)


def _state(refund: HistoricRefund) -> str:
    return "succeeded" if refund.paid_out_at else "pending"


def _item_rows(numbered: Iterable[_NumberedOrder]) -> Iterator[tuple[object, ...]]:
    for one in numbered:
        for line in one.items:
            item = line.item
            sums = (item.gross_fen, item.discount_fen, item.net_fen)
            yield (line.key, one.key, item.line_no, item.sku_id, item.quantity, *sums)


def _unit_rows(numbered: Iterable[_NumberedOrder]) -> Iterator[tuple[object, ...]]:
    for one in numbered:
        for line in one.items:
            for part in line.units:
                unit = part.unit
                yield (
                    part.key,
                    line.key,
                    part.unit_no,
                    unit.quantity,
                    unit.state,
                    unit.gross_fen,
                    unit.discount_fen,
                    unit.cost_fen,
                    unit.delivered_at,
                    unit.waits_for,
                )


def _delivered(numbered: Iterable[_NumberedOrder]) -> Iterator[rules.Posting]:
    for one in numbered:
        for line in one.items:
            for part in line.units:
                if part.unit.delivered_at and not line.item.is_membership:
                    yield rules.item_delivered(_as_delivered(one, line, part, part.unit.delivered_at))


def _as_delivered(one: _NumberedOrder, line: _NumberedItem, part: _NumberedUnit, at: datetime) -> rules.Delivered:
    unit, source = part.unit, part.unit.bought_from
    return rules.Delivered(
        fulfilment_id=part.key,
        order_item_id=line.key,
        order_id=one.key,
        customer_id=one.order.customer_id,
        gross_fen=unit.gross_fen,
        discount_fen=unit.discount_fen,
        cost_fen=unit.posted_cost_fen,
        delivered_at=at,
        cost_from=rules.Account.PURCHASES_IN_FLIGHT if source else rules.Account.CARD_INVENTORY,
        supplier_id=source.supplier_id if source else None,
        channel_id=source.channel_id if source else None,
    )


def _trade(order: HistoricOrder) -> tuple[str | None, str | None]:
    return order.out_trade_no, order.gateway_trade_no


def _fees(one: _NumberedOrder) -> list[tuple[int, int]]:
    nets = [line.item.net_fen for line in one.items]
    return list(zip([line.key for line in one.items], money.split(one.order.fee_fen, nets), strict=True))
