"""Starting to pay an order: from the wallet at once, or at a gateway, whose answer is recorded before and after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mingsuan import clock
from transactional.accounts.schemas import CustomerSubject
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.idempotency import CommandKey, once
from transactional.jobs import defer
from transactional.orders.due import Due, lock_due
from transactional.payments import addresses, calls, numbers, queries
from transactional.payments.errors import MethodUnavailableError
from transactional.payments.gateways.interface import Gateway, PayLink, PaymentAsk
from transactional.payments.models import Payment
from transactional.payments.rules import ASK_AFTER
from transactional.payments.schemas import NewPayment, PaymentStarted, PaymentView, stored_link
from transactional.payments.wallet import pay_from_wallet, require_payable
from transactional.shop import Shop

DEFAULT_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Opened:
    """A fresh attempt that the gateway has not heard of yet."""

    payment_id: int
    call_id: int
    ask: PaymentAsk


async def start(
    shop: Shop, customer: CustomerSubject, order_no: str, new: NewPayment, client_ip: str, key: str
) -> PaymentView:
    """Starts to pay; the same key again answers how that attempt stands now. Commits by itself, before it asks outside.

    A gateway that refuses leaves the payment `failed`, one that does not answer `created`: it is asked later.
    Raises NotFoundError, OrderNotPayableError, OrderExpiredError, InsufficientBalanceError, MethodUnavailableError,
    InvalidInputError, IdempotencyKeyReusedError.
    """
    gateway = _gateway(shop, new)
    command = CommandKey(f"customer:{customer.id}", key, f"POST /orders/{order_no}/payments {new.model_dump_json()}")
    opened: list[Opened] = []

    async with writing(shop.engine) as session:

        async def work() -> PaymentStarted:
            at = clock.now()
            if gateway is None:
                return PaymentStarted(id=await pay_from_wallet(session, order_no, customer.id, at, shop.zone))
            due = await lock_due(session, order_no, customer.id)
            require_payable(due, at)
            known = await _usable(session, due, new, at)
            if known is not None:
                return PaymentStarted(id=known)
            payment = await _opened(session, shop, due, new, at)
            opened.append(await _written_down(session, shop, payment, due, new, client_ip))
            return PaymentStarted(id=payment.public_id)

        started = await once(session, command, PaymentStarted, work)
    if gateway is not None and opened:
        await _ask_gateway(shop, gateway, opened[0])
    return await view(shop, started.id, customer.id)


def _gateway(shop: Shop, new: NewPayment) -> Gateway | None:
    """None for the wallet. Raises MethodUnavailableError, InvalidInputError."""
    if new.method == "wallet":
        return None
    gateway = shop.gateways.get(new.method)
    if gateway is None:
        raise MethodUnavailableError
    if new.way not in gateway.ways:
        expected = ", ".join(gateway.ways)
        raise InvalidInputError([FieldProblem("body.way", "Must be one of {expected}.", (("expected", expected),))])
    if new.way == "jsapi" and not new.payer_id:
        raise InvalidInputError([FieldProblem("body.payer_id", "Is required.")])
    return gateway


async def _usable(session: WriteSession, due: Due, new: NewPayment, at: datetime) -> UUID | None:
    """An attempt of the same way whose link can still be used: nobody needs two of them."""
    if new.payer_id:
        return None
    for known in await queries.open_payments(session, due.order_id):
        usable = known.state == "pending" and known.expires_at is not None and known.expires_at > at
        if usable and (known.method, known.way) == (new.method, new.way):
            return known.public_id
    return None


async def _opened(session: WriteSession, shop: Shop, due: Due, new: NewPayment, at: datetime) -> Payment:
    payment = Payment(
        order_id=due.order_id,
        method=new.method,
        way=new.way,
        state="created",
        amount_fen=due.net_fen,
        out_trade_no=numbers.fresh("P", at, shop.zone),
        expires_at=due.pay_by or at + DEFAULT_LIFE,
        ask_at=at + ASK_AFTER[0],
        created_at=at,
        shares_profit=shop.settings.wechat_profit_sharing and new.method == "wechat",
    )
    session.add(payment)
    await session.flush()
    await session.refresh(payment, ["public_id"])
    await defer(session, "payments.ask", {"payment_id": payment.id}, at=payment.ask_at, lock=f"payment:{payment.id}")
    return payment


async def _written_down(
    session: WriteSession, shop: Shop, payment: Payment, due: Due, new: NewPayment, client_ip: str
) -> Opened:
    number = payment.out_trade_no or ""
    call_id = await calls.begin(session, payment.method, "create", number)
    ask = PaymentAsk(
        out_trade_no=number,
        amount_fen=payment.amount_fen,
        title=due.title,
        way=new.way,
        expires_at=payment.expires_at or clock.now() + DEFAULT_LIFE,
        notify_url=addresses.notices(shop.settings, payment.method),
        return_url=addresses.order_page(shop.settings, due.order_no),
        client_ip=client_ip,
        payer_id=new.payer_id,
        shares_profit=payment.shares_profit,
    )
    return Opened(payment.id, call_id, ask)


async def _ask_gateway(shop: Shop, gateway: Gateway, opened: Opened) -> None:
    answer = await calls.attempt(lambda: gateway.create(opened.ask))
    async with writing(shop.engine) as session:
        await calls.end(session, opened.call_id, answer)
        await _record(session, opened.payment_id, answer)


async def _record(session: WriteSession, payment_id: int, answer: calls.Answer[PayLink]) -> None:
    """A notice may have been faster: only an attempt that is still `created` moves."""
    payment: Payment = await queries.locked(session, Payment, payment_id)
    if payment.state != "created":
        return
    if answer.value is not None:
        payment.state, payment.pay_link = "pending", stored_link(answer.value)
    elif answer.outcome == "refused":
        payment.state, payment.ask_at = "failed", None


async def view(shop: Shop, payment_id: UUID, customer_id: int) -> PaymentView:
    """How a payment stands, for its customer. Raises NotFoundError."""
    async with reading(shop.engine) as session:
        row = (await session.execute(queries.PAYMENT, {"id": payment_id, "customer_id": customer_id})).one_or_none()
        if row is None:
            raise NotFoundError
        return PaymentView.of(row)
