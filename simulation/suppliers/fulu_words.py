"""What the simulated Fulu gateway says of goods and orders, and its codes. No HTTP, no signatures."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookedOrder, ErrorCode, Good
from simulation.suppliers.fulu_signing import seal

ZONE = ZoneInfo("Asia/Shanghai")
WRITTEN = "%Y-%m-%d %H:%M:%S"
OK = 0
CODES: Mapping[ErrorCode, tuple[int, str]] = {
    "no_such_good": (3001, "商品不存在"),
    "off_sale": (3002, "商品已下架"),
    "out_of_stock": (3003, "商品库存不足"),
    "quantity": (3004, "购买数量不正确"),
    "balance": (3005, "账户余额不足"),
    "loss_making": (5008, "亏损订单已拦截"),
    "exists": (1004, "外部订单号已存在"),
    "not_found": (1006, "订单不存在"),
}
PARAMETERS, SIGNATURE, APP_KEY, CLOCK = (
    (1000, "参数错误"),
    (1001, "签名错误"),
    (1002, "无效的app_key"),
    (1003, "请求超时"),
)
DUPLICATE, CARDS_LATE, CARDS_WRONG = (-16, "订单重复提交"), (-22, "取卡超时"), (-23, "取卡异常")
BUSY, UNKNOWN = (-99, "系统异常"), (501, "订单状态未知")
STATES = {"processing": "processing", "succeeded": "success", "failed": "failed"}
ORDER_FIELDS = {
    "ChargeAccount": "charge_account",
    "ChargeGame": "charge_game_name",
    "ChargeRegion": "charge_game_region",
    "ChargeServer": "charge_game_srv",
    "ChargeType": "charge_type",
}
"""What a template's fields are called in an order."""
KINDS = {"card": (3, "卡密"), "direct": (4, "直充"), "mobile": (1, "话费")}


def written(instant: datetime) -> str:
    return instant.astimezone(ZONE).strftime(WRITTEN)


def good(account: Account, one: Good) -> dict[str, object]:
    """Without `purchase_price` when the answer is to lack it."""
    told: dict[str, object] = {
        "product_id": one.supplier_sku,
        "product_name": one.name,
        "product_type": KINDS[one.kind][1],
        "face_value": number(one.face_value or Decimal(0)),
        "purchase_price": None,
        "stock_status": "断货" if one.stock == 0 else "充足",
        "stock_num": one.stock,
        "sales_status": "上架" if one.on_sale else "下架",
        "template_id": template_id(one) if one.kind == "direct" else "",
        "priceVer": one.price_version,
    }
    cost = account.shown_cost(one)
    if cost is None:
        del told["purchase_price"]
    else:
        told["purchase_price"] = number(cost)
    return told


def template_id(one: Good) -> str:
    return f"T-{one.supplier_sku}"


def template(one: Good) -> dict[str, object]:
    inputs = [
        {"Id": each.name, "Name": each.label, "Type": "Select" if each.choices else "Text", "SortId": place,
         "Options": list(each.choices)}
        for place, each in enumerate(one.fields, 1)
    ]  # fmt: skip
    quantity = {"Id": "ChargeNum", "Name": "购买数量", "SortId": len(inputs) + 1}
    return {"AddressId": template_id(one), "AddressName": one.name, "ElementInfo": {"Inputs": [*inputs, quantity]}}


def accepted(order: BookedOrder) -> dict[str, object]:
    """What an order is answered with: that it was taken."""
    return {
        "order_id": order.order_ref,
        "customer_order_no": order.request_no,
        "product_id": order.supplier_sku,
        "buy_num": order.quantity,
        "order_price": number(order.unit_cost * order.quantity),
        "order_status": "untreated",
        "create_time": written(order.asked_at),
    }


def order_info(account: Account, order: BookedOrder, secret: str) -> dict[str, object]:
    """An order with its cards, sealed; what was not delivered is not charged."""
    done = order.state == "succeeded"
    return {
        **accepted(order),
        "order_type": KINDS[order.kind][0],
        "order_status": STATES[order.state],
        "price": number(order.unit_cost),
        "order_price": number(order.unit_cost * (order.good_quantity if done else order.quantity)),
        "finish_num": order.good_quantity,
        "finish_time": written(order.ended_at) if order.ended_at else "",
        "recharge_description": "充值失败，款项已退回" if order.state == "failed" else "",
        "cards": cards(account, order, secret),
    }


def cards(account: Account, order: BookedOrder, secret: str) -> list[dict[str, str]]:
    if order.kind != "card" or order.state != "succeeded":
        return []
    return [
        {"card_number": "", "card_pwd": seal(code.content, secret), "card_deadline": written(code.expires_at)}
        for code in account.book.codes(order.order_ref)
    ]


def number(value: Decimal) -> float | int:
    """JSON's number with at most six decimals, as this gateway writes amounts."""
    return int(value) if value == value.to_integral_value() else float(value)
