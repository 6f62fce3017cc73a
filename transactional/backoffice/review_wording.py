"""What each kind of case means: what happened, what is safe, what to do. Pure; `_` is the reader's translator."""

from dataclasses import dataclass

from mingsuan.i18n import Translator


@dataclass(frozen=True, slots=True)
class KindText:
    """A kind of case in words."""

    name: str
    happened: str
    safe: str
    todo: str


def kind_text(kind: str, _: Translator) -> KindText:
    """A kind that nobody described keeps its own name."""
    if kind in (texts := kind_texts(_)):
        return texts[kind]
    if kind.startswith("bill_"):
        return texts["bill"]
    return KindText(
        kind,
        _("Something does not agree; the details say what."),
        _("Nothing was changed by this case."),
        _("Read the details, settle the matter where it belongs, then resolve the case."),
    )


def kind_texts(_: Translator) -> dict[str, KindText]:
    """By kind; "bill" stands for every line of a bill that differs."""
    return {
        "identity_check": KindText(
            _("Identity to be checked"),
            _("A customer asked to have name and identity number checked, and no provider has decided it."),
            _("Nothing counts as verified before somebody decides."),
            _("Look the person up where you may, then decide on the page of the request; the case closes by itself."),
        ),
        "unapplied_receipt": KindText(
            _("Money that no order took"),
            _("A gateway took money that fits no order, or more than an order asked for."),
            _("The money is booked as a debt of the shop. No order was changed by it."),
            _("Find the order it was for and apply it, or send it back. What was paid twice goes back by itself."),
        ),
        "refund_failed": KindText(
            _("Refund failed"),
            _("The gateway says for sure that it did not send the money back."),
            _("The refund is still owed, and nothing of it has gone out: sending it again cannot pay twice."),
            _("Send it again, or put it into the customer's wallet, on the page of refunds."),
        ),
        "refund_unclear": KindText(
            _("Refund without an answer"),
            _("The gateway has not said for half a day how a refund ended, or shares of the money are not back."),
            _("The shop asks again under the same number, so it cannot be paid twice."),
            _("Look it up in the gateway's own console. Do not refund by another way while it is unclear."),
        ),
        "refunded_twice": KindText(
            _("Refund perhaps paid twice"),
            _("A refund that had failed was sent again, and then the first one succeeded after all."),
            _("The books hold one of the two; the other one left the gateway's account."),
            _("Compare with the gateway's bill and agree with the customer on what was too much."),
        ),
        "refund_amount_differs": KindText(
            _("Refund of another amount"),
            _("The gateway reports a refund with another amount than the shop asked for."),
            _("Nothing was booked from that report."),
            _("Look it up in the gateway's own console before you do anything else."),
        ),
        "profit_share_failed": KindText(
            _("Profit share failed"),
            _("A share of a payment was not paid out, or did not come back."),
            _("A failed share has left nothing; a failed return keeps refunds of that payment waiting."),
            _("Ask the partner, then ask the share back again."),
        ),
        "missing_in_bill": KindText(
            _("Missing in the gateway's bill"),
            _("The shop booked money that the gateway's bill of that day does not show."),
            _("The bill of the next day may hold it: gateways cut days at their own midnight."),
            _("Wait for the next bill; if it is missing there as well, ask the gateway."),
        ),
        "payment_unclear": KindText(
            _("Payment without an answer"),
            _("For a day the gateway has not said how an attempt to pay ended."),
            _("Nothing was delivered for it. If money came, the daily bill brings it to its order."),
            _("Look it up in the gateway's own console."),
        ),
        "parcel_trouble": KindText(
            _("Parcel in trouble"),
            _("The courier reports that a parcel is held up, refused, on its way back or lost."),
            _("Nothing was refunded or sent again. The courier goes on being asked."),
            _("Talk to courier and customer; then confirm the parcel or record its loss on its own page."),
        ),
        "credential_stuffing": KindText(
            _("Many wrong log-ins"),
            _("Somebody tries many passwords against many accounts, from many places at once."),
            _("Tries are slowed down before they cost anything, and no account is locked for its owner."),
            _("See on the page of security how it goes on; whoever was logged in to gets a notice of the new device."),
        ),
        "invoice_to_red_flush": KindText(
            _("Invoice to be red-flushed"),
            _("An order was refunded after its invoice had been issued over more than is left of it."),
            _("The invoice stands as it was issued; no other can be asked for over the same money."),
            _("Red-flush it in the tax bureau's system, then record its number on the page of the invoice."),
        ),
        "statement_amount_differs": KindText(
            _("Supplier's statement: amount differs"),
            _("A supplier took another amount for a purchase than our books have."),
            _("Nothing was posted. The amount of this case is what the supplier took more."),
            _("Settle it on the page of the statement: accept theirs, dispute it, or note it."),
        ),
        "statement_theirs_only": KindText(
            _("Supplier's statement: not in our books"),
            _("A supplier charges, or gives back, something that our books do not have."),
            _("Nothing was posted. The amount of this case is what the supplier took more."),
            _("Settle it on the page of the statement: accept theirs, dispute it, or note it."),
        ),
        "statement_ours_only": KindText(
            _("Supplier's statement: missing there"),
            _("Our books have a purchase that the supplier's statement lacks."),
            _("Nothing was posted. The amount of this case is what the supplier took less, as a minus."),
            _("Settle it on the page of the statement: accept theirs, dispute it, or note it."),
        ),
        "bill": KindText(
            _("Line of a bill that differs"),
            _("The gateway's bill books something otherwise than the shop does."),
            _("The books were not changed beyond the fee that the bill names."),
            _("Open the order and compare the line with its payments and refunds."),
        ),
    }


def done_texts(_: Translator) -> dict[str, str]:
    """What an act says when it is done."""
    return {
        "resolved": _("The case is resolved."),
        "job_waits": _("The job waits for the worker again."),
        "returned": _("The money is on its way back."),
        "applied": _("The order is paid with it."),
        "sent_again": _("The refund is on its way again."),
        "disputed": _("The dispute is on record and booked."),
        "ended": _("The customer is logged out everywhere."),
        "month_closed": _("The month is closed."),
    }


def receipt_reasons(_: Translator) -> dict[str, str]:
    """Why an order could not take money."""
    return {
        "unknown_trade": _("No such payment was ever asked for"),
        "second_trade": _("Paid twice under one number"),
        "wrong_amount": _("Another amount"),
        "order_already_paid": _("The order was paid already"),
    }
