"""What shoppers and staff do at a busy shop, story after story: every kind of order, payment, delivery and refund."""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import psycopg

from simulation.gateways.entries import BookError, Method
from simulation.gateways.state import State
from tests.faults.asking import Asking, Told, Who
from tests.faults.busy_shop import Goods

WAYS: dict[Method, str] = {"wechat": "native", "alipay": "precreate"}
BASKETS: tuple[tuple[tuple[str, int], ...], ...] = (
    (("GAME", 2),),
    (("PACK", 1),),
    (("FIGURE", 1), ("GIFT", 1)),
    (("TOPUP", 1), ("BOOST", 1)),
    (("SVIP", 1), ("GAME", 1), ("BOOST", 1)),
)
ATTEMPTS_TO_PAY = 4
NOTICED_WITHIN_S, LOOK_EVERY_S = 5.0, 0.1
Story = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Busy:
    """What everybody shares. `orders` are the numbers of orders that were placed, `happened` counts what was done."""

    asking: Asking
    goods: Goods
    gateways: State
    database: psycopg.Connection
    chance: random.Random
    happened: Counter[str] = field(default_factory=Counter)
    orders: list[str] = field(default_factory=list)
    left: list[tuple[Method, str]] = field(default_factory=list)
    """Trades whose orders were left to lapse."""
    ended: bool = False

    def note(self, what: str, told: Told) -> Told:
        if told.said_yes:
            self.happened[what] += 1
        return told

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        return self.database.execute(sql, values).fetchall()

    async def live(self, stories: Sequence[Story]) -> None:
        """One story after the other, each as often as the others, until the day ends; each once at least."""
        first = True
        while first or not self.ended:
            for story in self.chance.sample(stories, len(stories)):
                if first or not self.ended:
                    await story()
            first = False


@dataclass(slots=True)
class Shopper:
    """One customer."""

    busy: Busy
    who: Who

    def stories(self) -> list[Story]:
        return [
            self.buy_from_wallet,
            self.buy_from_wallet,
            self.check_out_with_wallet,
            self.pay_by_wechat,
            self.pay_by_alipay,
            self.pay_twice,
            self.cancel,
            self.lapse,
            self.look,
        ]

    async def buy_from_wallet(self) -> None:
        code, quantity = self.busy.chance.choice((("GAME", 1), ("GIFT", 2)))
        told = await self.busy.asking.command(
            self.who, "/orders", json={"sku_id": self.busy.goods.skus[code], "quantity": quantity}
        )
        if self.busy.note("purchase from the wallet", told).said_yes:
            self.busy.orders.append(told.answer["order_no"])

    async def check_out(self, basket: Sequence[tuple[str, int]]) -> str | None:
        items = [self.busy.goods.line(*line) for line in basket]
        told = await self.busy.asking.command(self.who, "/checkout", json={"items": items})
        if not self.busy.note("checkout", told).said_yes:
            return None
        self.busy.orders.append(told.answer["order_no"])
        return str(told.answer["order_no"])

    async def check_out_with_wallet(self) -> None:
        order_no = await self.check_out(self.busy.chance.choice(BASKETS))
        if order_no:
            await self.pay_from_wallet(order_no)

    async def pay_from_wallet(self, order_no: str) -> bool:
        told = await self.busy.asking.command(self.who, f"/orders/{order_no}/payments", json={"method": "wallet"})
        return self.busy.note("checkout paid from the wallet", told).said_yes

    async def pay_by_wechat(self) -> None:
        await self._pay_by("wechat")

    async def pay_by_alipay(self) -> None:
        await self._pay_by("alipay")

    async def _pay_by(self, method: Method) -> None:
        order_no = await self.check_out(self.busy.chance.choice(BASKETS))
        if order_no and await self.pay(order_no, method):
            self.busy.happened[f"paid by {method}"] += 1

    async def pay_twice(self) -> None:
        """On two telephones at once."""
        order_no = await self.check_out((("GIFT", 1),))
        if order_no:
            numbers = [await self.attempt(order_no, "wechat"), await self.attempt(order_no, "alipay")]
            methods: tuple[Method, ...] = ("wechat", "alipay")
            paid = [self._pays(method, number) for method, number in zip(methods, numbers, strict=True)]
            self.busy.happened["paid twice"] += all(paid)

    async def pay(self, order_no: str, method: Method) -> bool:
        """Attempts until the gateway knows of one, which is paid there."""
        for _ in range(ATTEMPTS_TO_PAY):
            if self._pays(method, await self.attempt(order_no, method)):
                return True
        return False

    def _pays(self, method: Method, number: str | None) -> bool:
        try:
            self.busy.gateways.pay(method, number or "none")
        except BookError:
            return False
        return True

    async def attempt(self, order_no: str, method: Method) -> str | None:
        """The number of a started payment; None when the order takes none any more."""
        body = {"method": method, "way": WAYS[method]}
        told = await self.busy.asking.command(self.who, f"/orders/{order_no}/payments", json=body)
        if not told.said_yes:
            return None
        [(number,)] = self.busy.rows("select out_trade_no from shop.payment where public_id = %s", told.answer["id"])
        return str(number)

    async def cancel(self) -> None:
        order_no = await self.check_out(self.busy.chance.choice(BASKETS))
        if order_no:
            told = await self.busy.asking.command(self.who, f"/orders/{order_no}/cancellation")
            self.busy.note("cancellation", told)

    async def lapse(self) -> None:
        order_no = await self.check_out((("GAME", 1),))
        if order_no:
            method: Method = self.busy.chance.choice(("wechat", "alipay"))
            number = await self.attempt(order_no, method)
            if number and self.busy.gateways.book.trade(method, number):
                self.busy.left.append((method, number))

    async def look(self) -> None:
        """Shows a code that was bought, and says that all is well with the order."""
        listed = (await self.busy.asking.read(self.who, "/orders"))["items"]
        for summary in [each for each in listed if each["state"] == "delivered"][:1]:
            order = await self.busy.asking.read(self.who, f"/orders/{summary['order_no']}")
            units = [unit for item in order["items"] for unit in item["units"] if unit["is_revealable"]]
            for unit in units[:1]:
                told = await self.busy.asking.command(self.who, f"/fulfilments/{unit['id']}/reveals")
                self.busy.note("reveal", told)
            told = await self.busy.asking.command(self.who, f"/orders/{summary['order_no']}/completion")
            self.busy.note("completion", told)


@dataclass(slots=True)
class Clerk:
    """One member of staff."""

    busy: Busy
    who: Who
    imported: int = 0

    def stories(self) -> list[Story]:
        return [
            self.refund_waiting,
            self.refund_part,
            self.refund_whole,
            self.deliver,
            self.deliver,
            self.replace_bad_code,
            self.take_in,
            self.act_on_stuck,
        ]

    async def command(self, path: str, **body: Any) -> Told:
        return await self.busy.asking.command(self.who, f"/staff{path}", **body)

    async def units(self, wanted: Callable[[Any, Any], bool]) -> list[tuple[Any, Any]]:
        """Units (with their lines) of a random order that has such."""
        for order_no in self.busy.chance.sample(self.busy.orders, min(8, len(self.busy.orders))):
            order = await self.busy.asking.read(self.who, f"/staff/orders/{order_no}")
            found = [(item, unit) for item in order["items"] for unit in item["units"] if wanted(item, unit)]
            if found and order["paid_at"]:
                return found
        return []

    async def refund_waiting(self) -> None:
        await self._refund("refund before delivery", "waiting", None)

    async def refund_part(self) -> None:
        await self._refund("partial refund after delivery", "delivered", self.busy.chance.randint(1, 900))

    async def refund_whole(self) -> None:
        await self._refund("refund after delivery", "delivered", None)

    async def _refund(self, what: str, state: str, fen: int | None) -> None:
        for _, unit in (await self.units(lambda _, unit: unit["state"] == state))[:1]:
            await self.give_back(what, unit["id"], fen)

    async def units_of(self, order_no: str, state: str) -> list[str]:
        order = await self.busy.asking.read(self.who, f"/staff/orders/{order_no}")
        return [unit["id"] for item in order["items"] for unit in item["units"] if unit["state"] == state]

    async def give_back(self, what: str, unit: str, fen: int | None) -> None:
        body = {"parts": [{"fulfilment_id": unit, "amount_fen": fen}], "reason": "asked for"}
        self.busy.note(what, await self.command("/refunds", json=body))

    async def deliver(self) -> None:
        """What waits for people: content, top-ups and parcels, of a few orders."""
        stuck = await self.busy.asking.read(self.who, "/staff/orders/stuck?limit=100")
        for listed in self.busy.chance.sample(stuck["items"], min(2, len(stuck["items"]))):
            order = await self.busy.asking.read(self.who, f"/staff/orders/{listed['order_no']}")
            for item in order["items"]:
                for unit in item["units"]:
                    if unit["waits_for"] in ("manual", "supplier") and unit["state"] == "waiting":
                        await self.hand_over(item["kind"], unit["id"])

    async def hand_over(self, kind: str, unit: str) -> None:
        if kind == "physical":
            parcel = {"courier": "SF", "tracking_no": f"SF-{unit}"}
            self.busy.note("parcel", await self.command(f"/fulfilments/{unit}/parcels", json=parcel))
        else:
            given = {"content": f"done for {unit}", "cost_fen": 777}
            self.busy.note("delivery by hand", await self.command(f"/fulfilments/{unit}/deliveries", json=given))

    async def replace_bad_code(self) -> None:
        def is_code(item: Any, unit: Any) -> bool:
            return item["kind"] == "card_code" and unit["state"] == "delivered"

        for _, unit in (await self.units(is_code))[:1]:
            await self.replace(unit["id"])

    async def replace(self, unit: str) -> None:
        bad = {"fulfilment_id": unit, "reason": "does not work"}
        self.busy.note("replaced code", await self.command("/card-defects", json=bad))

    async def take_in(self) -> None:
        code = self.busy.chance.choice(("GAME", "GIFT"))
        await self.bring(code, [self.new_code(code) for _ in range(5)])
        units = {"sku_code": "FIGURE", "count": 2, "total_cost_fen": 12_345}
        self.busy.note("units taken in", await self.command("/stock-units", json=units))

    def new_code(self, code: str) -> str:
        self.imported += 1
        return f"{code}-{self.who.name}-{self.imported}"

    async def bring(self, sku_code: str, codes: Sequence[str]) -> None:
        about = {"sku_code": sku_code, "total_cost_fen": str(3001 * len(codes)), "supplier_name": "Supplier"}
        file = ("codes.csv", "\n".join(["code", *codes]).encode(), "text/csv")
        self.busy.note("card import", await self.command("/card-batches", data=about, files={"file": file}))

    async def act_on_stuck(self) -> None:
        """Refund, or try to deliver, two orders at once of which something waits."""
        stuck = (await self.busy.asking.read(self.who, "/staff/orders/stuck?limit=100"))["items"]
        numbers = [each["order_no"] for each in self.busy.chance.sample(stuck, min(2, len(stuck)))]
        if numbers:
            await self.bulk(numbers, self.busy.chance.choice(("refund", "redeliver")))

    async def bulk(self, order_nos: Sequence[str], act: str) -> None:
        body = {"order_nos": list(order_nos), "act": act, "reason": "waited too long"}
        told = self.busy.note(f"bulk {act}", await self.command("/orders/bulk", json=body))
        if told.said_yes:
            for result in told.answer["results"]:
                self.busy.happened[f"bulk {act}: {result['outcome']}"] += 1


@dataclass(slots=True)
class Aftercare:
    """A clerk and a shopper who buys from the wallet and is then given money, another code or a parcel."""

    clerk: Clerk
    shopper: Shopper

    def stories(self) -> list[Story]:
        return [
            self.before_delivery,
            self.part_after_delivery,
            self.whole_after_delivery,
            self.another_code,
            self.parcel,
        ]

    async def before_delivery(self) -> None:
        """Nobody else may have served what waits for people meanwhile: then it is no such refund."""
        await self._given_back("refund before delivery", "BOOST", "waiting", None)

    async def part_after_delivery(self) -> None:
        await self._given_back("partial refund after delivery", "GAME", "delivered", 100)

    async def whole_after_delivery(self) -> None:
        await self._given_back("refund after delivery", "GAME", "delivered", None)

    async def another_code(self) -> None:
        for unit in await self._bought("GIFT", "delivered"):
            await self.clerk.replace(unit)

    async def parcel(self) -> None:
        for unit in await self._bought("FIGURE", "waiting"):
            await self.clerk.hand_over("physical", unit)

    async def _given_back(self, what: str, code: str, state: str, fen: int | None) -> None:
        for unit in await self._bought(code, state):
            await self.clerk.give_back(what, unit, fen)

    async def _bought(self, code: str, state: str) -> list[str]:
        """The unit, if the order could be paid and the unit is in that state."""
        order_no = await self.shopper.check_out(((code, 1),))
        if order_no and await self.shopper.pay_from_wallet(order_no):
            return await self.clerk.units_of(order_no, state)
        return []


@dataclass(slots=True)
class Spoiler:
    """A clerk and a shopper over one rare code that turns out bad after it was kept for an order."""

    clerk: Clerk
    shopper: Shopper

    def stories(self) -> list[Story]:
        return [self.delivered_again, self.refunded]

    async def delivered_again(self) -> None:
        for order_no in await self._stuck():
            await self.clerk.bring("RARE", [self.clerk.new_code("RARE")])
            await self.clerk.bulk([order_no], "redeliver")

    async def refunded(self) -> None:
        for order_no in await self._stuck():
            await self.clerk.bulk([order_no], "refund")

    async def _stuck(self) -> list[str]:
        """An order that was paid in time, whose code is gone."""
        code, busy = self.clerk.new_code("RARE"), self.clerk.busy
        await self.clerk.bring("RARE", [code])
        order_no = await self.shopper.check_out((("RARE", 1),))
        bad = {"code": code, "reason": "the supplier called it back"}
        busy.note("bad code in stock", await self.clerk.command("/card-defects", json=bad))
        if not order_no:
            return []
        method: Method = busy.chance.choice(("wechat", "alipay"))
        if not await self.shopper.pay(order_no, method):
            return []
        for _ in range(int(NOTICED_WITHIN_S / LOOK_EVERY_S)):
            if (await busy.asking.read(self.shopper.who, f"/orders/{order_no}"))["state"] != "pending_payment":
                return [order_no]
            await asyncio.sleep(LOOK_EVERY_S)
        return []  # its notice was lost: it is found later
