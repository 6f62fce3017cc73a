"""What the rows of an order's trace are called when people read them. Pure; `_` is the reader's translator."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mingsuan.i18n import Translator
from transactional.backoffice.order_wording import method_texts, wait_texts
from transactional.backoffice.trace import Event
from transactional.orders.wording import state_texts

BAD = frozenset({"failed", "bad_signature", "malformed", "stale", "unknown_serial", "wrong_merchant", "wrong_amount"})
WARN = frozenset(
    {"unknown", "open", "pending", "processing", "unmatched", "unapplied", "refused", "waiting", "defective"}
)
GOOD = frozenset({"succeeded", "applied", "delivered", "returned", "resolved"})
TIMES = frozenset(
    {
        "paid_at",
        "paid_out_at",
        "ended_at",
        "settled_at",
        "resolved_at",
        "due_at",
        "closed_at",
        "sent_at",
        "confirmed_at",
    }
)


@dataclass(frozen=True, slots=True)
class Said:
    """A row in words: what it is, its state with a tone, and facts as (name, value)."""

    title: str
    state: str
    tone: str
    facts: tuple[tuple[str, Any], ...]


def said(
    event: Event,
    _: Translator,
    money: Callable[[int], str],
    when: Callable[[datetime], Any],
    ledger: Callable[[str], str],
) -> Said:
    """`ledger` names the events of the ledger."""
    title = ledger(event.what) if event.source == "ledger_transaction" else titles(_).get(event.source, event.source)
    state = "" if event.source == "ledger_transaction" else _state(event, _)
    tone = "bad" if event.what in BAD else "warn" if event.what in WARN else "good" if event.what in GOOD else ""
    names = fact_names(_)
    shown = [
        (names.get(name, name), _value(name, value, _, money, when))
        for name, value in event.facts.items()
        if name != "id"
    ]
    return Said(title, state, tone, tuple(shown))


def titles(_: Translator) -> dict[str, str]:
    """By table."""
    return {
        "order_event": _("Order"),
        "payment": _("Attempt to pay"),
        "payment_notification": _("Notice of the gateway"),
        "external_call": _("Call to the gateway"),
        "refund": _("Refund granted"),
        "refund_payout": _("Money sent back"),
        "unapplied_receipt": _("Receipt that fitted no order"),
        "profit_share": _("Profit share"),
        "chargeback": _("Dispute"),
        "gateway_bill_line": _("Line of the gateway's bill"),
        "fulfilment": _("Unit"),
        "card": _("Code from the pool"),
        "card_reveal": _("Shown to the customer"),
        "card_defect": _("Bad code"),
        "sealed_delivery": _("Delivered by hand"),
        "membership_period": _("Membership"),
        "review_case": _("Case to review"),
        "staff_act": _("Act of staff"),
        "aftersales_case": _("After-sales case"),
        "aftersales_resolution": _("After-sales: decision"),
        "aftersales_message": _("After-sales: message"),
        "aftersales_evidence": _("After-sales: evidence"),
        "entitlement_event": _("Benefit"),
        "activation_outcome": _("Activation"),
        "notice": _("Notice to the customer"),
        "shipment": _("Parcel"),
        "shipment_event": _("Parcel on its way"),
        "invoice": _("Invoice"),
        "destination": _("Where the parcel goes"),
    }


def fact_names(_: Translator) -> dict[str, str]:
    """By fact."""
    return {
        "method": _("Way to pay"),
        "out_trade_no": _("Our number of the payment"),
        "gateway_trade_no": _("The gateway's number of the payment"),
        "out_refund_no": _("Our number of the refund"),
        "gateway_refund_no": _("The gateway's number of the refund"),
        "out_order_no": _("Number of the profit share"),
        "fee_fen": _("Fee"),
        "fee_returned_fen": _("Fee returned"),
        "fee_difference_fen": _("Difference of the fee"),
        "released_fen": _("Earned so far"),
        "cost_fen": _("Cost"),
        "paid_at": _("Paid on"),
        "paid_out_at": _("Arrived"),
        "ended_at": _("Ended"),
        "settled_at": _("Settled"),
        "resolved_at": _("Resolved"),
        "due_at": _("Answer due"),
        "closed_at": _("Closed"),
        "sent_at": _("Sent"),
        "times_asked": _("Times asked"),
        "kind": _("Kind"),
        "reason": _("Reason"),
        "why": _("Reason"),
        "target": _("To whom"),
        "operation": _("Operation"),
        "reference": _("Reference"),
        "http_status": _("HTTP status"),
        "code": _("Error code"),
        "line": _("Line"),
        "unit": _("Unit"),
        "quantity": _("Quantity"),
        "waits_for": _("Waits for"),
        "batch": _("Batch"),
        "position": _("Position in the batch"),
        "supplier": _("Supplier"),
        "staff": _("By"),
        "earned": _("Delivered before"),
        "found_by": _("Found by"),
        "day": _("Day"),
        "days": _("Days"),
        "case": _("Kind"),
        "resolution": _("How it ended"),
        "ledger_date": _("Date in the ledger"),
        "state": _("State"),
        "channel": _("Channel"),
        "cause": _("Cause"),
        "learnt_by": _("Learnt by"),
        "courier": _("Courier"),
        "tracking_no": _("Parcel's number"),
        "confirmed_at": _("Receipt confirmed"),
        "number": _("Number"),
    }


def _value(name: str, value: Any, _: Translator, money: Callable[[int], str], when: Callable[[datetime], Any]) -> Any:
    if name.endswith("_fen") and isinstance(value, int):
        return money(value)
    if name in TIMES and isinstance(value, str):
        return when(datetime.fromisoformat(value))
    if name == "method":
        return method_texts(_).get(value, value)
    if name == "waits_for":
        return wait_texts(_).get(value, value)
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    return value


def _state(event: Event, _: Translator) -> str:
    if event.source == "staff_act":
        return act_texts(_).get(event.what, event.what)
    if event.source == "order_event" and event.what in state_texts(_):
        return state_texts(_)[event.what].name
    return words(_).get(event.what, event.what)


def words(_: Translator) -> dict[str, str]:
    """States, verdicts and outcomes of all kinds of rows."""
    return {
        "placed": _("Placed"),
        "expired": _("Time to pay was over"),
        "late_payment": _("Paid late"),
        "unit_delivered": _("Unit delivered"),
        "created": _("Begun"),
        "pending": _("Under way"),
        "processing": _("Under way"),
        "succeeded": _("Succeeded"),
        "failed": _("Failed"),
        "closed": _("Closed"),
        "unapplied": _("Money went elsewhere"),
        "open": _("Open"),
        "returning": _("Going back"),
        "returned": _("Given back"),
        "applied": _("Applied"),
        "duplicate": _("Repeated, changed nothing"),
        "unmatched": _("Fits nothing"),
        "wrong_amount": _("Another amount"),
        "malformed": _("Refused: unreadable"),
        "stale": _("Refused: too old"),
        "unknown_serial": _("Refused: unknown certificate"),
        "bad_signature": _("Refused: bad signature"),
        "wrong_merchant": _("Refused: another merchant"),
        "unknown": _("Outcome not known"),
        "refused": _("Refused"),
        "recorded": _("Recorded"),
        "resolved": _("Resolved"),
        "waiting": _("Waits"),
        "delivered": _("Delivered"),
        "refund_pending": _("Refund on its way"),
        "refunded": _("Refunded"),
        "cancelled": _("Cancelled"),
        "held": _("Kept"),
        "available": _("In stock"),
        "defective": _("Bad"),
        "void": _("Written off"),
        "shown": _("Shown"),
        "reported": _("Reported"),
        "replaced": _("Replaced"),
        "sealed": _("Sealed"),
        "runs": _("Active"),
        "ended": _("Ended"),
        "matched": _("Agrees"),
        "paid": _("Paid"),
    }


def act_texts(_: Translator) -> dict[str, str]:
    """What staff did to an order."""
    return {
        "refund": _("Refund"),
        "refund_orders": _("Refund what waits"),
        "redeliver_orders": _("Deliver again"),
        "redeliver_order": _("Deliver again"),
        "cancel_orders": _("Cancel what is unpaid"),
        "cancel_order": _("Cancel the order"),
        "complete_order": _("Complete the order"),
        "deliver_by_hand": _("Deliver by hand"),
        "ship": _("Send the parcel"),
        "report_defect": _("Replace a bad code"),
        "record_chargeback": _("Record a dispute"),
        "retry_refund": _("Send the refund again"),
        "return_receipt": _("Send the receipt back"),
        "apply_receipt": _("Apply the receipt"),
        "resolve_case": _("Resolve the case"),
        "share_profit": _("Share profit"),
        "release_share": _("Release the profit share"),
        "return_share": _("Ask a profit share back"),
    }
