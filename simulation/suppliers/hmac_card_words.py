"""Orders, goods and refusals of the simulated HMAC card supplier, as it writes them; its signature."""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from simulation.suppliers.account import Account, ShownState
from simulation.suppliers.entries import BookedOrder, ErrorCode, Good

CALLBACK_PATH = "/api/v1/upstream/callback"
CENT = Decimal("0.01")
Refusal = tuple[int, str]

REFUSALS: Mapping[ErrorCode, Refusal] = {
    "no_such_good": (400, "sku_unavailable"),
    "off_sale": (400, "product_unavailable"),
    "quantity": (400, "bad_request"),
    "out_of_stock": (409, "insufficient_stock"),
    "loss_making": (409, "price_changed"),
    "balance": (402, "insufficient_balance"),
    "exists": (409, "duplicate_order"),
    "not_found": (404, "order_not_found"),
}
STATUSES: Mapping[ShownState, str] = {
    "processing": "paid",
    "unknown": "risk_review",
    "succeeded": "delivered",
    "failed": "canceled",
}


def signature(secret: str, method: str, path: str, stamp: str, body: bytes) -> str:
    content = "\n".join((method, path, stamp, hashlib.md5(body).hexdigest()))  # noqa: S324  (the protocol's)
    return hmac.digest(secret.encode(), content.encode(), "sha256").hex()


def numbers_of(good: Good) -> tuple[int, int]:
    """Goods of such an account are called `<product>-<sku>`. ValueError when one is not."""
    product_id, _, sku_id = good.supplier_sku.partition("-")
    return int(product_id), int(sku_id)


def product(account: Account, product_id: int, goods: Sequence[Good]) -> dict[str, object]:
    """A product with its SKUs; the price is left out, or zero, when the account misbehaves so."""
    versions = sum(good.price_version for good in goods)
    told: dict[str, object] = {
        "id": product_id,
        "title": {"zh-CN": goods[0].name},
        "currency": account.currency,
        "fulfillment_type": fulfilment_type(goods[0].kind),
        "is_active": any(good.on_sale for good in goods),
        "updated_at": (account.started_at + timedelta(seconds=versions)).isoformat(timespec="seconds"),
        "skus": [_sku(account, good) for good in goods],
    }
    if fields := goods[0].fields:
        told["manual_form_schema"] = {
            "fields": [
                {"key": field.name, "label": field.label, "required": True, "options": list(field.choices)}
                for field in fields
            ]
        }
    return told


def order(account: Account, booked: BookedOrder, state: ShownState) -> dict[str, object]:
    """An order as its state is shown, which is not always what the book says."""
    asked = booked.unit_cost * booked.quantity
    ended = state in ("succeeded", "failed")
    delivered = booked.good_quantity if ended else booked.quantity
    status = STATUSES[state] if delivered == booked.quantity or state != "succeeded" else "partially_refunded"
    told: dict[str, object] = {
        "order_id": int(booked.order_ref),
        "order_no": f"DJ{booked.order_ref}",
        "downstream_order_no": booked.request_no,
        "status": status,
        "amount": money(asked),
        "refunded_amount": money(asked - booked.unit_cost * delivered),
        "currency": account.currency,
    }
    if state == "succeeded":
        told["fulfillment"] = fulfilment(account, booked)
    return told


def fulfilment(account: Account, booked: BookedOrder) -> dict[str, object]:
    codes = account.book.codes(booked.order_ref)
    return {
        "type": fulfilment_type(booked.kind),
        "status": "delivered",
        "payload": "\n".join(code.content for code in codes) if booked.kind == "card" else "充值成功",
        "delivered_at": booked.ended_at.isoformat() if booked.ended_at else None,
    }


def fulfilment_type(kind: str) -> str:
    return "auto" if kind == "card" else "manual"


def money(amount: Decimal) -> str:
    """Two decimals at least, more where a price has more."""
    return f"{amount:f}" if amount != amount.quantize(CENT) else f"{amount.quantize(CENT):f}"


def _sku(account: Account, good: Good) -> dict[str, object]:
    cost = account.shown_cost(good)
    told: dict[str, object] = {
        "id": numbers_of(good)[1],
        "sku_code": good.supplier_sku,
        "spec_values": {"zh-CN": f"{good.face_value:f}"} if good.face_value is not None else None,
        "stock_quantity": -1 if good.stock is None else good.stock,
        "is_active": good.on_sale,
    }
    return told if cost is None else told | {"price_amount": money(cost)}
