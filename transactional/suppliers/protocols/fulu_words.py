"""Words of the Fulu protocol: codes and what they prove, states, goods, fields, times. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from transactional.suppliers.protocols import fulu_signing as signing
from transactional.suppliers.protocols.interface import FieldSpec, OfferFact, SuppliedCode, SupplyFact

ZONE = ZoneInfo("Asia/Shanghai")
"""Times on the wire have no zone and are Beijing's."""
WRITTEN = "%Y-%m-%d %H:%M:%S"
NO_SUCH_ORDER = 1006
NO_SUCH_GOOD = 3001
NOTHING_BOUGHT = frozenset({1000, 1001, 1002, 1003, 3001, 3002, 3003, 3004, 3005, 3008, 5008})
"""The only codes by which an order is refused for certain: parameters, signature, key, clock; no such good, off sale,
out of stock, quantity, balance, maintenance; a loss for the buyer. Every other one, known or not, proves nothing:
−16 and 1004 (the number was used before), −22 and −23 (cards late or wrong), −99 and 501 (unknown)."""

MOBILE = "mobile:"
"""A phone top-up is ordered by its face value alone: its supplier's SKU is `mobile:100`."""
TEMPLATE_FIELDS: Mapping[str, str] = {
    "ChargeAccount": "charge_account",
    "ChargePWD": "charge_password",
    "ChargeGame": "charge_game_name",
    "ChargeRegion": "charge_game_region",
    "ChargeServer": "charge_game_srv",
    "ChargeType": "charge_type",
    "ChargeIp": "charge_ip",
    "ContactQQ": "contact_qq",
    "ContactType": "contact_tel",
}
"""What a template's fields are called in an order."""
CARD_ORDER = 3
SOLD_OUT = "断货"
ON_SALE = "上架"


def written(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime(WRITTEN)


def read_time(text: object) -> datetime | None:
    """Raises ValueError for what is no time; None when there is none."""
    if not text:
        return None
    return datetime.strptime(str(text), WRITTEN).replace(tzinfo=ZONE)


def offer(told: Mapping[str, Any], currency: str, fields: tuple[FieldSpec, ...] = ()) -> OfferFact:
    """A line of the goods list. Raises ValueError, KeyError, ArithmeticError when it cannot be read."""
    price = told.get("purchase_price")
    stock = told.get("stock_num")
    return OfferFact(
        supplier_sku=supplier_sku(told),
        name=str(told.get("product_name", "")),
        unit_cost=None if price in (None, "") else money(price),
        currency=currency,
        stock=0 if told.get("stock_status") == SOLD_OUT else None if stock is None else int(stock),
        on_sale=told.get("sales_status") == ON_SALE,
        price_version=str(told["priceVer"]) if told.get("priceVer") is not None else None,
        fields=fields,
    )


def supplier_sku(told: Mapping[str, Any]) -> str:
    if told.get("product_type") == "话费":
        return f"{MOBILE}{Decimal(str(told['face_value'])).normalize():f}"
    return str(told["product_id"])


def template_fields(told: Mapping[str, Any]) -> tuple[FieldSpec, ...]:
    """The fields that a template asks for; the number of pieces is not one. Raises ValueError, KeyError."""
    inputs = told["ElementInfo"]["Inputs"]
    return tuple(
        FieldSpec(
            TEMPLATE_FIELDS[each["Id"]], str(each["Name"]), choices=tuple(str(one) for one in each.get("Options", ()))
        )
        for each in sorted(inputs, key=lambda one: int(one.get("SortId", 0)))
        if each["Id"] in TEMPLATE_FIELDS
    )


def fact(told: Mapping[str, Any], currency: str, secret: str) -> SupplyFact:
    """An order as the order query tells it. A success without its cards is not at its end yet.

    Raises ValueError, KeyError, ArithmeticError when it cannot be read, or contradicts itself.
    """
    state = told["order_status"]
    request_no, ref = str(told["customer_order_no"]), str(told["order_id"])
    happened_at = read_time(told.get("finish_time"))
    if state in ("untreated", "processing"):
        return SupplyFact("processing", request_no, ref)
    if state == "failed":
        reason = str(told.get("recharge_description", ""))
        return SupplyFact("failed", request_no, ref, code="failed", reason=reason, happened_at=happened_at)
    if state != "success":
        raise ValueError(f"an order in state {state!r}")
    asked, cost = int(told["buy_num"]), money(told["order_price"])
    good = int(told.get("finish_num", asked))
    if not 0 <= good <= asked:
        raise ValueError(f"{good} delivered of {asked}")
    if good == 0:
        if cost:
            raise ValueError("nothing was delivered, and not all given back")
        return SupplyFact("failed", request_no, ref, code="none_of_it", happened_at=happened_at)
    cards = codes(told, secret) if int(told["order_type"]) == CARD_ORDER else ()
    if int(told["order_type"]) == CARD_ORDER and len(cards) < good:
        return SupplyFact("processing", request_no, ref, code="cards_missing")
    return SupplyFact("succeeded", request_no, ref, cost, currency, good, cards, happened_at=happened_at)


def money(told: object) -> Decimal:
    """An amount. Raises ValueError, ArithmeticError for what is none."""
    amount = Decimal(str(told))
    if not amount.is_finite() or amount < 0:
        raise ValueError(f"{amount} is no amount")
    return amount


def codes(told: Mapping[str, Any], secret: str) -> tuple[SuppliedCode, ...]:
    """The cards of an order in clear: number and password, or the password alone. Raises ValueError, KeyError."""
    made = []
    for each in told.get("cards") or ():
        parts = (each.get("card_number"), each.get("card_pwd"))
        content = " ".join(
            part for part in (signing.card(sealed, secret).strip() for sealed in parts if sealed) if part
        )
        if not content:
            raise ValueError("an empty card")
        made.append(SuppliedCode(content, read_time(each.get("card_deadline"))))
    return tuple(made)
