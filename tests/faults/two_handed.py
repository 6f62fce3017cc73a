"""Work for an operator with two hands: orders, cases, jobs and money in the condition that an act of the desk needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid4

from mingsuan import clock
from tests.transactional.orders.goods import Market
from transactional.accounts.schemas import CustomerSubject
from transactional.backoffice.service import open_case
from transactional.catalogue.schemas import SkuView
from transactional.db import writing
from transactional.orders import service as orders
from transactional.orders.checkout import PlacedOrder
from transactional.payments import receipts, refunds
from transactional.payments.gateways.interface import Trade


@dataclass(frozen=True)
class Intent:
    """One thing that the operator wants done, once.

    `page` shows the form that goes to `action`; `typed` is what is typed into it. `effects` counts, by statements that
    take `reason` and `on`, how often it happened, with the number that is right.
    """

    kind: str
    reason: str
    page: str
    action: str
    typed: dict[str, Any]
    act: str
    effects: tuple[tuple[str, int], ...]
    on: Any = None
    chosen: dict[str, str] = field(default_factory=dict)
    previewed: bool = False


CODES, SERVICE = "HAND-CODE", "HAND-SERVICE"
EVENTS = """select count(*) from shop.order_event as e join shop.orders as o on o.id = e.order_id
where o.order_no = any(:on) and e.kind = '{kind}'"""


@dataclass
class Workshop:
    """The shop, and the next thing to do."""

    market: Market
    random: Random
    code: SkuView
    service: SkuView
    customer: CustomerSubject
    made: int = 0

    async def next(self) -> Intent:
        self.made += 1
        make: Callable[[str], Awaitable[Intent]] = self.random.choice(
            (
                self.refund,
                self.refund,
                self.replace,
                self.complete,
                self.cancel,
                self.redeliver,
                self.deliver,
                self.resolve,
                self.job,
                self.sessions,
                self.bulk_cancel,
                self.bulk_refund,
                self.payout,
                self.receipt,
            )
        )
        return await make(f"act {self.made}")

    async def refund(self, reason: str) -> Intent:
        order_no, units = await self._bought(2)
        part = self.random.choice([None, self.random.randint(1, 999)])
        typed: dict[str, Any] = {"unit": str(units[0]), "reason": reason}
        if part:
            typed[f"amount-{units[0]}"] = f"{part // 100}.{part % 100:02}"
        sql = "select coalesce(sum(amount_fen), 0)::bigint from shop.refund where reason = :reason"
        paid_out = "select count(*) from shop.refund where reason = :reason"
        page = f"/desk/orders/{order_no}/refund"
        return Intent(
            "refund", reason, page, "/refund", typed, "refund", ((sql, part or 1000), (paid_out, 1)), previewed=True
        )

    async def replace(self, reason: str) -> Intent:
        order_no, _ = await self._bought(1)
        sql = "select count(*) from shop.card_defect where reason = :reason"
        page = f"/desk/orders/{order_no}"
        return Intent("replace", reason, page, "/replace", {"reason": reason}, "report_defect", ((sql, 1),))

    async def complete(self, reason: str) -> Intent:
        order_no, _ = await self._bought(1)
        effect = (EVENTS.format(kind="completed"), 1)
        page = f"/desk/orders/{order_no}"
        return Intent(
            "complete", reason, page, "/complete", {"reason": reason}, "complete_order", (effect,), [order_no]
        )

    async def cancel(self, reason: str) -> Intent:
        placed = await self._placed(self.code)
        effect = (EVENTS.format(kind="cancelled"), 1)
        page, on = f"/desk/orders/{placed.order_no}", [placed.order_no]
        return Intent("cancel", reason, page, "/cancel", {"reason": reason}, "cancel_order", (effect,), on)

    async def redeliver(self, reason: str) -> Intent:
        placed = await self._stuck()
        effect = (EVENTS.format(kind="delivered"), 1)
        page, on = f"/desk/orders/{placed.order_no}", [placed.order_no]
        return Intent("redeliver", reason, page, "/redeliver", {"reason": reason}, "redeliver_order", (effect,), on)

    async def deliver(self, reason: str) -> Intent:
        placed = await self._placed(self.service)
        await self.market.pay(placed)
        [unit] = await self._units(placed.order_no)
        sealed = """select count(*) from shop.sealed_delivery as d join shop.fulfilment as f on f.id = d.fulfilment_id
        where f.public_id = :on"""
        recorded = """select count(*) from shop.staff_act where act = 'deliver_by_hand'
        and detail ->> 'fulfilment' = cast(cast(:on as uuid) as text)"""
        page = f"/desk/orders/{placed.order_no}"
        effects = ((sealed, 1), (recorded, 1))
        return Intent(
            "deliver", reason, page, "/deliver", {"content": "Done for you", "cost": "1.50"}, "", effects, unit
        )

    async def resolve(self, reason: str) -> Intent:
        subject = uuid4().hex
        async with writing(self.market.shop.engine) as session:
            await open_case(session, "refund_unclear", subject, 100)
        [[case]] = await self.market.rows("select public_id from shop.review_case where subject = :s", s=subject)
        sql = "select count(*) from shop.review_case where resolution = :reason"
        return Intent(
            "resolve", reason, f"/desk/review/{case}", "/resolve", {"reason": reason}, "resolve_case", ((sql, 1),)
        )

    async def job(self, reason: str) -> Intent:
        [[job]] = await self.market.rows(
            "insert into jobs.procrastinate_jobs (queue_name, task_name, status)"
            " values ('shop', 'payments.ask_due', 'failed') returning id"
        )
        sql = "select attempts from jobs.procrastinate_jobs where id = :on and status = 'todo'"
        action = f"/jobs/{job}/retry"
        return Intent("job", reason, "/desk/review/jobs", action, {"reason": reason}, "retry_job", ((sql, 1),), job)

    async def sessions(self, reason: str) -> Intent:
        customer = await self.market.customer(uuid4().hex[:12])
        await self.market.rows(
            "insert into shop.session (token_sha256, customer_id, expires_at)"
            " values (:token, :customer, now() + interval '1 day') returning id",
            token=uuid4().bytes,
            customer=customer.id,
        )
        sql = "select count(*) from shop.session where customer_id = :on and revoked_at is not null"
        page = f"/desk/customers/{customer.public_id}"
        typed = {"reason": reason}
        return Intent("sessions", reason, page, "/end-sessions", typed, "end_sessions", ((sql, 1),), customer.id)

    async def bulk_cancel(self, reason: str) -> Intent:
        numbers = [(await self._placed(self.code)).order_no for _ in range(2)]
        effect = (EVENTS.format(kind="cancelled"), 2)
        typed = {"order_no": numbers, "reason": reason, "act": "cancel"}
        page = "/desk/orders?state=pending_payment"
        return Intent("bulk_cancel", reason, page, "/bulk", typed, "cancel_orders", (effect,), numbers)

    async def bulk_refund(self, reason: str) -> Intent:
        numbers = [(await self._stuck(restocked=False)).order_no for _ in range(2)]
        sql = "select coalesce(sum(amount_fen), 0)::bigint from shop.refund where reason = :reason"
        typed = {"order_no": numbers, "reason": reason, "act": "refund"}
        page = "/desk/orders?waits_for=stock"
        return Intent("bulk_refund", reason, page, "/bulk", typed, "refund_orders", ((sql, 2000),), numbers)

    async def payout(self, reason: str) -> Intent:
        """A refund that the gateway failed; the operator puts it into the wallet."""
        placed = await self._stuck(restocked=False)
        shop = self.market.shop
        [[unit]] = await self.market.rows(UNIT_ID, order_no=placed.order_no)
        async with writing(shop.engine) as session:
            [payout] = await refunds.grant(session, [(unit, None)], "gave up", None, clock.now(), shop.zone)
        rows = await self.market.rows(
            "update shop.refund_payout set state = 'failed', ask_at = null where id = :id returning public_id",
            id=payout,
        )
        again = """select count(*) from shop.refund_payout as r join shop.payment as p on p.id = r.payment_id
        join shop.orders as o on o.id = p.order_id where o.order_no = any(:on) and r.state = 'succeeded'"""
        page, action = "/desk/review/payouts?state=failed", f"/payouts/{rows[0][0]}/retry"
        typed, on = {"reason": reason, "to": "wallet"}, [placed.order_no]
        return Intent("payout", reason, page, action, typed, "retry_refund", ((again, 1),), on)

    async def receipt(self, reason: str) -> Intent:
        """Money under a number that the shop never gave; the operator sends it back."""
        shop, number = self.market.shop, uuid4().hex
        trade = Trade("paid", number, f"T{number}", 1234, clock.now())
        async with writing(shop.engine) as session:
            await receipts.keep(session, "wechat", trade, None, "unknown_trade", "notice", 0, clock.now(), shop.zone)
        [[receipt]] = await self.market.rows(
            "select public_id from shop.unapplied_receipt where out_trade_no = :number", number=number
        )
        sql = "select count(*) from shop.unapplied_receipt where out_trade_no = :on and payout_id is not null"
        page, action = "/desk/review/receipts?state=open", f"/receipts/{receipt}/return"
        effects = ((sql, 1),)
        return Intent("receipt", reason, page, action, {"reason": reason}, "return_receipt", effects, number)

    async def _bought(self, quantity: int) -> tuple[str, list[UUID]]:
        await self.market.stock(CODES, quantity + 1)
        async with writing(self.market.shop.engine) as session:
            placed = await orders.buy(
                session, self.customer.id, self.code.id, quantity, uuid4().hex, self.market.shop.zone
            )
        return placed.order_no, await self._units(placed.order_no)

    async def _placed(self, sku: SkuView) -> PlacedOrder:
        if sku is self.code:
            await self.market.stock(CODES, 2)
        return await self.market.order(await self.market.customer(uuid4().hex[:12]), (sku, 1))

    async def _stuck(self, *, restocked: bool = True) -> PlacedOrder:
        """Paid, while its code was withdrawn; `restocked`: there is another one since."""
        placed = await self._placed(self.code)
        await self.market.rows(
            "update shop.card set state = 'void', free_at = 'infinity', held_item_id = null"
            " where state = 'available' returning id"
        )
        assert (await self.market.pay(placed, placed.ordered_at + timedelta(seconds=1))).kind == "waiting"
        if restocked:
            await self.market.stock(CODES, 1)
        return placed

    async def _units(self, order_no: str) -> list[UUID]:
        return [row[0] for row in await self.market.rows(UNIT_NAMES, order_no=order_no)]


UNIT = """from shop.fulfilment as f join shop.order_item as i on i.id = f.order_item_id
join shop.orders as o on o.id = i.order_id where o.order_no = :order_no order by f.id"""
UNIT_NAMES, UNIT_ID = f"select f.public_id {UNIT}", f"select f.id {UNIT}"
