"""Transactions, cards, goods and errors of the simulated Reloadly-like supplier, as it writes them."""

from collections.abc import Mapping, Sequence
from datetime import UTC
from decimal import Decimal

from simulation.suppliers.account import Account, ShownState
from simulation.suppliers.entries import BookedOrder, ErrorCode, Good

FEE = Decimal("0.1")
"""On top of every card of a fixed value; part of what a good costs."""
RANGED_FROM = 5000
"""Products with such a number have a range of values, from their least good's to their most's, and no fee."""
RATE = Decimal("0.000001")
FACE_CURRENCY = "USD"
Error = tuple[int, str | None, str]

ERRORS: Mapping[ErrorCode, Error] = {
    "no_such_good": (404, "PRODUCT_NOT_FOUND", "Product not found"),
    "off_sale": (400, "PRODUCT_UNAVAILABLE", "This product is currently unavailable"),
    "quantity": (400, "INVALID_INPUT_PROVIDED", "Invalid quantity"),
    "out_of_stock": (400, "OUT_OF_STOCK", "This product is out of stock"),
    "loss_making": (400, "PRICE_CHANGED", "The price is above maxSenderAmount"),
    "balance": (400, "INSUFFICIENT_BALANCE", "Insufficient funds in the wallet to complete this transaction"),
    "exists": (400, "CUSTOM_IDENTIFIER_ALREADY_USED", "The customIdentifier has been used before"),
    "not_found": (404, "TRANSACTION_NOT_FOUND", "Transaction not found"),
}
TROUBLE: Error = (404, None, "Could not retrieve/update resources at the moment, please try again later")
"""What the supplier says of itself whenever it does not know better."""
STATUSES: Mapping[ShownState, str] = {
    "processing": "PROCESSING",
    "unknown": "UNDER_REVIEW",
    "succeeded": "SUCCESSFUL",
    "failed": "REFUNDED",
}


def numbers_of(good: Good) -> tuple[int, Decimal]:
    """Goods of such an account are called `<product>:<face value>`. ValueError when one is not."""
    product_id, _, face = good.supplier_sku.partition(":")
    if not face.replace(".", "", 1).isdecimal():
        raise ValueError(f"{good.supplier_sku!r} is not <product>:<face value>")
    return int(product_id), Decimal(face)


def product(account: Account, product_id: int, goods: Sequence[Good]) -> dict[str, object]:
    told: dict[str, object] = {
        "productId": product_id,
        "productName": goods[0].name,
        "global": True,
        "status": "ACTIVE" if any(good.on_sale for good in goods) else "INACTIVE",
        "senderCurrencyCode": account.currency,
        "recipientCurrencyCode": FACE_CURRENCY,
        "discountPercentage": 0,
        "senderFeePercentage": 0,
        "additionalRequirements": {"userIdRequired": any(good.fields for good in goods)},
    }
    return told | (_ranged(account, goods) if product_id >= RANGED_FROM else _fixed(account, goods))


def transaction(account: Account, booked: BookedOrder, state: ShownState) -> dict[str, object]:
    """An order as its state is shown; never its cards."""
    delivered = booked.good_quantity if state == "succeeded" else booked.quantity
    product_id, _, face = booked.supplier_sku.partition(":")
    return {
        "transactionId": int(booked.order_ref),
        "status": STATUSES[state],
        "amount": float(booked.unit_cost * delivered),
        "currencyCode": account.currency,
        "fee": float(FEE * delivered),
        "discount": 0,
        "customIdentifier": booked.request_no,
        "transactionCreatedTime": booked.asked_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        "product": {
            "productId": int(product_id),
            "quantity": delivered,
            "unitPrice": float(face),
            "currencyCode": FACE_CURRENCY,
        },
    }


def cards(account: Account, booked: BookedOrder) -> list[dict[str, object]]:
    codes = account.book.codes(booked.order_ref)
    return [{"cardNumber": code.content, "pinCode": None, "redemptionUrl": None} for code in codes]


def _fixed(account: Account, goods: Sequence[Good]) -> dict[str, object]:
    prices: dict[str, float] = {}
    for good in goods:
        cost = account.shown_cost(good)
        if cost is not None:
            prices[f"{numbers_of(good)[1]:.2f}"] = float(max(cost - FEE, Decimal(0)))
    return {
        "denominationType": "FIXED",
        "senderFee": float(FEE),
        "fixedRecipientDenominations": [float(numbers_of(good)[1]) for good in goods],
        "fixedRecipientToSenderDenominationsMap": prices,
    }


def _ranged(account: Account, goods: Sequence[Good]) -> dict[str, object]:
    """One rate for all values: the dearest of its goods'."""
    faces = [numbers_of(good)[1] for good in goods]
    costs = [account.shown_cost(good) for good in goods]
    rates = [cost / face for cost, face in zip(costs, faces, strict=True) if cost is not None]
    return {
        "denominationType": "RANGE",
        "senderFee": 0,
        "minRecipientDenomination": float(min(faces)),
        "maxRecipientDenomination": float(max(faces)),
        "recipientCurrencyToSenderCurrencyExchangeRate": float(max(rates).quantize(RATE)) if rates else None,
    }
