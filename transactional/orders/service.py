"""What orders do for shopper and staff: buy, list, show. The statements of a purchase are in `hot_path`."""

from collections.abc import Mapping
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError
from transactional.orders import answers, hot_path, queries
from transactional.orders.models import Order
from transactional.orders.requests import BuyRequest
from transactional.orders.schemas import AnswerView, OrderList, OrderPlaced, OrderView


async def buy(
    session: WriteSession,
    customer_id: int,
    sku_public_id: UUID,
    quantity: int,
    idempotency_key: str,
    zone: ZoneInfo,
    expected_net_fen: int | None = None,
) -> OrderPlaced:
    """Pay from the wallet and deliver, in the caller's transaction.

    The same key again gives the first answer again. Edges buy through `Intake.buy`, which also batches concurrent
    purchases and repeats one that met another with the same key. Raises UnavailableProductError,
    PriceChangedError, InsufficientBalanceError, OutOfStockError, IdempotencyKeyReusedError.
    """
    request = BuyRequest(customer_id, sku_public_id, quantity, idempotency_key, expected_net_fen)
    [outcome] = await hot_path.buy(session, [request], zone)
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


async def order(session: ReadSession, customer_id: int, order_no: str) -> OrderView:
    """The customer's own order. Raises NotFoundError, for other people's orders too."""
    found = await queries.order(session, order_no, customer_id)
    if found is None:
        raise NotFoundError
    return found


async def order_id(session: ReadSession, customer_id: int, order_no: str) -> int:
    """The number inside the shop of the customer's own order. Raises NotFoundError."""
    mine = select(Order.id).where(Order.order_no == order_no, Order.customer_id == customer_id)
    found = await session.scalar(mine)
    if found is None:
        raise NotFoundError
    return found


async def order_with_answers(session: ReadSession, vault: Vault, customer_id: int, order_no: str) -> OrderView:
    """Like `order`, with what the customer answered in clear: to be shown, and kept nowhere."""
    shown = await order(session, customer_id, order_no)
    return _with(shown, await answers.of_order(session, vault, order_no, customer_id))


async def order_for_delivery(session: ReadSession, vault: Vault, order_no: str) -> OrderView:
    """Like `order_for_staff`, with the answers in clear: only for staff who deliver, to be kept nowhere."""
    shown = await order_for_staff(session, order_no)
    return _with(shown, await answers.of_order(session, vault, order_no, None))


async def order_for_staff(session: ReadSession, order_no: str) -> OrderView:
    """Anybody's order. Raises NotFoundError."""
    found = await queries.order(session, order_no, None)
    if found is None:
        raise NotFoundError
    return found


async def orders(session: ReadSession, customer_id: int, *, limit: int = 20, offset: int = 0) -> OrderList:
    """The customer's orders, newest first."""
    return await queries.orders(session, customer_id, limit, offset)


async def orders_for_staff(session: ReadSession, *, limit: int = 50, offset: int = 0) -> OrderList:
    """All orders, newest first, with the customer's address."""
    return await queries.orders(session, None, limit, offset)


def _with(shown: OrderView, said: Mapping[int, tuple[AnswerView, ...]]) -> OrderView:
    items = tuple(item.model_copy(update={"answers": said.get(item.line_no, ())}) for item in shown.items)
    return shown.model_copy(update={"items": items})
