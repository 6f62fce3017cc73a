"""Putting money into a wallet through a gateway: opened under the wallet's lock, then paid like an order.

Everything here commits by itself, before a gateway is asked.
"""

from datetime import datetime
from uuid import UUID

from mingsuan import clock, money
from mingsuan.i18n import translator
from transactional.accounts.schemas import CustomerSubject
from transactional.db import WriteSession, writing
from transactional.errors import FieldProblem, InvalidInputError
from transactional.idempotency import CommandKey, once
from transactional.payments import addresses, queries
from transactional.payments.errors import MethodUnavailableError
from transactional.payments.gateways.interface import Gateway
from transactional.payments.schemas import NewPayment
from transactional.payments.settling import close_others
from transactional.payments.start import Charge, Opened, ask_gateway, attempt, gateway_for
from transactional.shop import Shop
from transactional.wallets import queries as wallets
from transactional.wallets import top_ups
from transactional.wallets.errors import TopUpEndedError, TopUpNotAllowedError
from transactional.wallets.models import TopUp
from transactional.wallets.rules import SMALLEST_TOP_UP_FEN, TOP_UP_LIFE, top_up_room_fen
from transactional.wallets.schemas import Named
from transactional.wallets.service import profile_of
from transactional.wallets.top_ups import TopUpDue


async def begin(
    shop: Shop, customer: CustomerSubject, amount_fen: int, new: NewPayment, client_ip: str, key: str
) -> UUID:
    """Opens a top-up and its first attempt; the same key again names the same. The top-up's name.

    Raises TopUpNotAllowedError, InvalidInputError for the amount, MethodUnavailableError, IdempotencyKeyReusedError.
    """
    gateway = _gateway(shop, new)
    asked = f"POST /wallet/top-up {amount_fen} {new.model_dump_json()}"
    opened: list[Opened] = []
    async with writing(shop.engine) as session:

        async def work() -> Named:
            at = clock.now()
            row = await _open(session, shop, customer.id, amount_fen, at)
            due = await top_ups.lock(session, row.id)
            await attempt(session, shop, _charge(shop, due), new, client_ip, at, opened)
            return Named(id=due.public_id)

        made = await once(session, CommandKey(f"customer:{customer.id}", key, asked), Named, work)
    if opened:
        await ask_gateway(shop, gateway, opened[0])
    return made.id


async def try_again(
    shop: Shop, customer: CustomerSubject, top_up_id: UUID, new: NewPayment, client_ip: str, key: str
) -> None:
    """Another attempt to pay an open top-up. Raises NotFoundError, TopUpEndedError, MethodUnavailableError."""
    gateway = _gateway(shop, new)
    asked = f"POST /wallet/top-ups/{top_up_id}/pay {new.model_dump_json()}"
    opened: list[Opened] = []
    async with writing(shop.engine) as session:

        async def work() -> Named:
            at = clock.now()
            due = await top_ups.lock_own(session, top_up_id, customer.id)
            if due.state != "open" or at >= due.pay_by:
                raise TopUpEndedError
            started = await attempt(session, shop, _charge(shop, due), new, client_ip, at, opened)
            return Named(id=started.id)

        await once(session, CommandKey(f"customer:{customer.id}", key, asked), Named, work)
    if opened:
        await ask_gateway(shop, gateway, opened[0])


async def give_up(shop: Shop, customer: CustomerSubject, top_up_id: UUID) -> None:
    """Closes a top-up and has its attempts closed at the gateways; a paid one stays. Raises NotFoundError."""
    async with writing(shop.engine) as session:
        due = await top_ups.lock_own(session, top_up_id, customer.id)
        if due.state == "open":
            await top_ups.close(session, due.top_up_id)
            attempts = await queries.open_payments(session, None, due.top_up_id)
            await close_others(session, attempts, None, clock.now())


async def close_due(shop: Shop) -> int:
    """Closes top-ups whose time is over; how many."""
    async with writing(shop.engine) as session:
        return await top_ups.close_due(session, clock.now())


def _gateway(shop: Shop, new: NewPayment) -> Gateway:
    """Raises TopUpNotAllowedError, MethodUnavailableError."""
    if not profile_of(shop).top_up:
        raise TopUpNotAllowedError
    gateway = gateway_for(shop, new)
    if gateway is None:
        raise MethodUnavailableError
    return gateway


async def _open(session: WriteSession, shop: Shop, customer_id: int, amount_fen: int, at: datetime) -> TopUp:
    """Under the wallet's lock, so that two at once cannot pass the limit together."""
    await wallets.lock_wallet(session, customer_id)
    allowed = profile_of(shop)
    largest = top_up_room_fen(allowed, await wallets.room(session, customer_id, (), at))
    if not SMALLEST_TOP_UP_FEN <= amount_fen <= largest:
        shown = tuple((name, money.text(fen, shop.currency)) for name, fen in _bounds(largest))
        raise InvalidInputError([FieldProblem("body.amount", "Must be between {smallest} and {largest}.", shown)])
    row = TopUp(
        customer_id=customer_id,
        state="open",
        amount_fen=amount_fen,
        largest_balance_fen=allowed.largest_balance_fen,
        pay_by=at + TOP_UP_LIFE,
    )
    session.add(row)
    await session.flush()
    return row


def _bounds(largest_fen: int) -> tuple[tuple[str, int], ...]:
    return ("smallest", SMALLEST_TOP_UP_FEN), ("largest", max(largest_fen, 0))


def _charge(shop: Shop, due: TopUpDue) -> Charge:
    """What the payer's app shows is in the shop's own language."""
    _ = translator(shop.settings.language, "shop")
    page = addresses.top_up_page(shop.settings, due.public_id)
    return Charge(due.amount_fen, due.pay_by, _("Wallet top-up"), page, top_up_id=due.top_up_id)
