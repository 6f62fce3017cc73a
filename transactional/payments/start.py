"""Starting to pay an order: from the wallet at once, or at a gateway, whose answer is recorded before and after."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from mingsuan import clock
from transactional import calls
from transactional.accounts.schemas import CustomerSubject
from transactional.db import WriteSession, reading, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.idempotency import CommandKey, once
from transactional.jobs import defer
from transactional.orders.due import Due, lock_due
from transactional.payments import addresses, numbers, queries
from transactional.payments.errors import MethodUnavailableError
from transactional.payments.gateways.interface import Gateway, PayLink, PaymentAsk
from transactional.payments.models import Payment
from transactional.payments.rules import ASK_AFTER
from transactional.payments.schemas import NewPayment, PaymentStarted, PaymentView, stored_link
from transactional.payments.wallet import pay_from_wallet, require_payable
from transactional.shop import Shop
from transactional.suppliers.routing import guard

DEFAULT_LIFE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Charge:
    """What is to be paid: for an order or a top-up, so much, by then; what the gateway is told it is for."""

    amount_fen: int
    pay_by: datetime | None
    title: str
    return_url: str
    order_id: int | None = None
    top_up_id: int | None = None


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
    Raises NotFoundError, OrderNotPayableError, OrderExpiredError, OutOfStockError, InsufficientBalanceError,
    MethodUnavailableError, InvalidInputError, IdempotencyKeyReusedError.
    """
    gateway = gateway_for(shop, new)
    command = CommandKey(f"customer:{customer.id}", key, f"POST /orders/{order_no}/payments {new.model_dump_json()}")
    opened: list[Opened] = []

    async with writing(shop.engine) as session:

        async def work() -> PaymentStarted:
            at = clock.now()
            if gateway is None:
                return PaymentStarted(id=await pay_from_wallet(session, order_no, customer.id, at, shop.zone))
            due = await lock_due(session, order_no, customer.id)
            require_payable(due, at)
            await guard.at_payment(session, due.order_id, at)
            return await attempt(session, shop, _charge(shop, due), new, client_ip, at, opened)

        started = await once(session, command, PaymentStarted, work)
    if gateway is not None and opened:
        await ask_gateway(shop, gateway, opened[0])
    return await view(shop, started.id, customer.id)


def _charge(shop: Shop, due: Due) -> Charge:
    page = addresses.order_page(shop.settings, due.order_no)
    return Charge(due.net_fen, due.pay_by, due.title, page, order_id=due.order_id)


async def attempt(
    session: WriteSession,
    shop: Shop,
    charge: Charge,
    new: NewPayment,
    client_ip: str,
    at: datetime,
    opened: list[Opened],
) -> PaymentStarted:
    """An attempt to pay something locked: one of the same way that still works, or a fresh one, put into `opened`.

    `ask_gateway` follows when this is committed.
    """
    known = await _usable(session, charge, new, at)
    if known is not None:
        return PaymentStarted(id=known)
    payment = await _opened(session, shop, charge, new, at)
    opened.append(await _written_down(session, shop, payment, charge, new, client_ip))
    return PaymentStarted(id=payment.public_id)


def gateway_for(shop: Shop, new: NewPayment) -> Gateway | None:
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


async def _usable(session: WriteSession, charge: Charge, new: NewPayment, at: datetime) -> UUID | None:
    """An attempt of the same way whose link can still be used: nobody needs two of them."""
    if new.payer_id:
        return None
    for known in await queries.open_payments(session, charge.order_id, charge.top_up_id):
        usable = known.state == "pending" and known.expires_at is not None and known.expires_at > at
        if usable and (known.method, known.way) == (new.method, new.way):
            return known.public_id
    return None


async def _opened(session: WriteSession, shop: Shop, charge: Charge, new: NewPayment, at: datetime) -> Payment:
    payment = Payment(
        order_id=charge.order_id,
        top_up_id=charge.top_up_id,
        method=new.method,
        way=new.way,
        state="created",
        amount_fen=charge.amount_fen,
        out_trade_no=numbers.fresh("P", at, shop.zone),
        expires_at=charge.pay_by or at + DEFAULT_LIFE,
        ask_at=at + ASK_AFTER[0],
        created_at=at,
        shares_profit=_shares_profit(shop, charge, new),
    )
    session.add(payment)
    await session.flush()
    await session.refresh(payment, ["public_id"])
    await defer(session, "payments.ask", {"payment_id": payment.id}, at=payment.ask_at, lock=f"payment:{payment.id}")
    return payment


def _shares_profit(shop: Shop, charge: Charge, new: NewPayment) -> bool:
    """Only what a sale brings is shared with partners."""
    return shop.settings.wechat_profit_sharing and new.method == "wechat" and charge.order_id is not None


async def _written_down(
    session: WriteSession, shop: Shop, payment: Payment, charge: Charge, new: NewPayment, client_ip: str
) -> Opened:
    number = payment.out_trade_no or ""
    call_id = await calls.begin(session, payment.method, "create", number)
    ask = PaymentAsk(
        out_trade_no=number,
        amount_fen=payment.amount_fen,
        title=charge.title,
        way=new.way,
        expires_at=payment.expires_at or clock.now() + DEFAULT_LIFE,
        notify_url=addresses.notices(shop.settings, payment.method),
        return_url=charge.return_url,
        client_ip=client_ip,
        payer_id=new.payer_id,
        shares_profit=payment.shares_profit,
    )
    return Opened(payment.id, call_id, ask)


async def ask_gateway(shop: Shop, gateway: Gateway, opened: Opened) -> None:
    """Asks for a way to pay and records the answer. Commits by itself."""
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
