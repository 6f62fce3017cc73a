"""What lists and searches of orders say. Pure; `_` is the reader's translator."""

from mingsuan.i18n import Translator


def method_texts(_: Translator) -> dict[str, str]:
    """By payment method."""
    return {
        "wallet": _("Wallet"),
        "wechat": _("WeChat Pay"),
        "alipay": _("Alipay"),
        "unionpay": _("UnionPay"),
        "bank": _("Imported receipt"),
    }


def wait_texts(_: Translator) -> dict[str, str]:
    """By what a unit waits for."""
    return {"stock": _("New stock"), "manual": _("Our staff"), "supplier": _("A supplier")}


def outcome_texts(_: Translator) -> dict[str, tuple[str, str]]:
    """What became of an order that was settled with others, and its tone."""
    return {
        "delivered": (_("Delivered"), "good"),
        "partly_delivered": (_("Partly delivered"), "warn"),
        "still_waiting": (_("Still waits"), "warn"),
        "refunding": (_("Refund on its way"), "good"),
        "cancelled": (_("Cancelled"), "good"),
        "nothing_to_do": (_("Nothing to do"), ""),
        "refused": (_("Refused"), "bad"),
    }


def found_texts(_: Translator) -> dict[str, str]:
    """By what an order was found."""
    return {
        "order_no": _("Order number"),
        "order_id": _("Order's public name"),
        "source_ref": _("Number in the imported history"),
        "out_trade_no": _("Our number of the payment"),
        "gateway_trade_no": _("The gateway's number of the payment"),
        "payment_id": _("Payment's public name"),
        "receipt": _("Receipt that fitted no order"),
        "out_refund_no": _("Our number of the refund"),
        "gateway_refund_no": _("The gateway's number of the refund"),
        "refund_id": _("Refund's public name"),
        "chargeback": _("The gateway's number of the dispute"),
        "profit_share": _("Number of the profit share"),
        "ledger_reference": _("Reference in the ledger"),
        "unit": _("Unit's public name"),
        "card_code": _("Code that was delivered"),
        "bad_code": _("Code that turned out bad"),
        "held_code": _("Code that is kept for it"),
        "email": _("Customer's e-mail"),
        "phone": _("Customer's telephone"),
        "customer_id": _("Customer number"),
        "customer_reference": _("Customer in the imported history"),
        "parcel": _("Parcel's number"),
        "case": _("After-sales case"),
    }
