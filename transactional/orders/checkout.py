"""From a cart or a single wish to an unpaid order whose units are kept for it until it is to be paid.

Nothing has to run for a hold to end: it ends by time. How long and how much is kept is decided by `hold_rules`.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan.clock import business_date
from transactional.accounts.persons.personal import Sealed
from transactional.cards import pool
from transactional.cards.vault import Vault
from transactional.catalogue import service as catalogue
from transactional.catalogue.errors import DearBundleError
from transactional.catalogue.forms import problems
from transactional.catalogue.offers import Offer
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, PriceChangedError, UnavailableProductError
from transactional.orders import answers, fulfilment, hold_rules
from transactional.orders import checkout_queries as queries
from transactional.orders.errors import EmptyOrderError, HoldLimitError, TooManyUnitsError
from transactional.orders.lines import Line, lines_of
from transactional.orders.models import Fulfilment, Order, OrderEvent, OrderItem
from transactional.orders.numbers import order_number
from transactional.selling import refuse_when_paused
from transactional.suppliers.routing import guard


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many units of a SKU, with the answers to its product's form."""

    sku_public_id: UUID
    quantity: int
    form_answers: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Terms:
    """The longest hold, from the shop's settings."""

    hold: timedelta


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order as it was placed; `pay_by` is None when there was nothing to pay."""

    order_id: int
    public_id: UUID
    order_no: str
    state: str
    net_fen: int
    ordered_at: datetime
    pay_by: datetime | None


@dataclass(slots=True)
class _Basket:
    """Lines with the answers checked, before anything is written."""

    lines: list[Line] = field(default_factory=list)
    faults: list[FieldProblem] = field(default_factory=list)

    @property
    def gross_fen(self) -> int:
        return sum(line.gross_fen for line in self.lines)

    @property
    def discount_fen(self) -> int:
        return sum(line.discount_fen for line in self.lines)

    @property
    def demands(self) -> list[guard.Demand]:
        return [guard.Demand(line.sku_id, line.kind, line.quantity, line.net_fen) for line in self.lines]


def _is_kept(line: Line, bought: Collection[int]) -> bool:
    """Whether units of the line are kept from the shop's own stock; the others are bought once they are paid."""
    return line.needs_stock and line.sku_id not in bought


async def place(
    session: WriteSession,
    vault: Vault,
    customer_id: int,
    lines: Sequence[Wanted],
    terms: Terms,
    at: datetime,
    zone: ZoneInfo,
    expected_net_fen: int | None = None,
) -> PlacedOrder:
    """An order to be paid by an instant, with its units kept; one of nothing to pay is fulfilled at once.

    Answers are sealed for the buyer.
    All or nothing. Raises SellingPausedError, EmptyOrderError, UnavailableProductError, InvalidInputError (answers),
    TooManyUnitsError, DearBundleError, PriceChangedError, HoldLimitError, OutOfStockError.
    """
    await refuse_when_paused(session)
    basket = await _basket(session, lines, at)
    net_fen = basket.gross_fen - basket.discount_fen
    if expected_net_fen not in (None, net_fen):
        raise PriceChangedError
    bought = await guard.at_order(session, basket.demands, at)
    kept = [line for line in basket.lines if _is_kept(line, bought)]
    standing = await _standing(session, customer_id, kept, at)
    pay_by = at + hold_rules.hold_length(standing, terms.hold)
    order = Order(
        order_no=order_number(business_date(at, zone)),
        customer_id=customer_id,
        state="pending_payment",
        gross_fen=basket.gross_fen,
        discount_fen=basket.discount_fen,
        net_fen=net_fen,
        ordered_at=at,
        pay_by=pay_by,
    )
    sealed = [await answers.seal(session, vault, customer_id, line.answers) for line in basket.lines]
    items = await _write(session, order, basket.lines, sealed, at)
    wants = [
        pool.Wanted(item.id, line.sku_id, line.quantity)
        for item, line in zip(items, basket.lines, strict=True)
        if _is_kept(line, bought)
    ]
    if wants:
        await pool.hold(session, wants, at, pay_by)
    if net_fen == 0:
        await fulfilment.order_was_paid(session, order.id, at, zone)
        await session.refresh(order)
    due = pay_by if order.state == "pending_payment" else None
    return PlacedOrder(order.id, order.public_id, order.order_no, order.state, net_fen, at, due)


async def _basket(session: WriteSession, lines: Sequence[Wanted], at: datetime) -> _Basket:
    if not lines:
        raise EmptyOrderError
    offers = await catalogue.offers(session, [wanted.sku_public_id for wanted in lines], at)
    if any(wanted.sku_public_id not in offers for wanted in lines):
        raise UnavailableProductError
    _refuse_too_many(lines, offers)
    basket = _Basket()
    for wanted in lines:
        offer, said = offers[wanted.sku_public_id], wanted.form_answers or {}
        basket.faults += problems(offer.fields, said)
        if offer.saved_fen < 0:
            raise DearBundleError
        basket.lines += lines_of(offer, wanted.quantity, said)
    if basket.faults:
        raise InvalidInputError(basket.faults)
    return basket


def _refuse_too_many(lines: Sequence[Wanted], offers: Mapping[UUID, Offer]) -> None:
    wanted = Counter[UUID]()
    for line in lines:
        wanted[line.sku_public_id] += line.quantity
    for sku, quantity in wanted.items():
        if not 0 < quantity <= offers[sku].max_per_order:
            raise TooManyUnitsError(units=offers[sku].max_per_order)


async def _standing(
    session: WriteSession, customer_id: int, lines: Sequence[Line], at: datetime
) -> hold_rules.Standing:
    """The customer's record. Raises HoldLimitError when an order would keep more for these lines than it allows.

    One checkout of a customer at a time: side by side, each would see the holds without the other's.
    """
    await queries.lock_checkouts(session, customer_id)
    standing = await queries.standing(session, customer_id, at)
    demand = Counter[int]()
    for line in lines:
        demand[line.sku_id] += line.quantity
    held = Counter(await queries.unpaid_units(session, customer_id, at))
    free = await pool.free_units(session, demand, at)
    for sku_id, quantity in demand.items():
        left = hold_rules.units_left(standing, held, free, sku_id)
        if quantity > left:
            raise HoldLimitError(units=left)
        held[sku_id] += quantity
        free[sku_id] = free.get(sku_id, 0) - quantity
    return standing


async def _write(
    session: WriteSession, order: Order, lines: Sequence[Line], sealed: Sequence[Sealed | None], at: datetime
) -> list[OrderItem]:
    session.add(order)
    await session.flush()
    items = [
        OrderItem(
            order_id=order.id,
            line_no=number,
            sku_id=line.sku_id,
            quantity=line.quantity,
            gross_fen=line.gross_fen,
            discount_fen=line.discount_fen,
            net_fen=line.net_fen,
            bundle_sku_id=line.bundle_sku_id,
            bundle_quantity=line.bundle_quantity,
            sealed_answers=said.content if said else None,
            answers_key_id=said.data_key_id if said else None,
        )
        for number, (line, said) in enumerate(zip(lines, sealed, strict=True), start=1)
    ]
    session.add_all([*items, OrderEvent(order_id=order.id, kind="placed", happened_at=at)])
    await session.flush()
    session.add_all(
        Fulfilment(
            order_item_id=item.id,
            unit_no=number,
            quantity=unit.quantity,
            state="waiting",
            gross_fen=unit.gross_fen,
            discount_fen=unit.discount_fen,
        )
        for item, line in zip(items, lines, strict=True)
        for number, unit in enumerate(line.units, start=1)
    )
    await session.flush()
    return items
