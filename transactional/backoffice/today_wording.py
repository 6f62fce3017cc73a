"""What today's matters are called, and what to do about each. Pure; `_` is the reader's translator."""

from mingsuan.i18n import Translator


def matter_texts(_: Translator) -> dict[str, tuple[str, str]]:
    """By matter: its name, and what to do."""
    return {
        "stuck_stock": (
            _("Paid orders without stock"),
            _("Import codes and deliver again, or give the money back."),
        ),
        "stuck_manual": (_("Paid orders for our staff"), _("Deliver by hand, or send the parcel.")),
        "stuck_supplier": (
            _("Paid orders at a supplier"),
            _("Deliver by hand when the supplier has answered, or give the money back."),
        ),
        "cases": (_("Cases to review"), _("Money or records that do not agree; each case says what is safe.")),
        "receipts": (
            _("Money that no order took"),
            _("Find its order, or send it back the way it came."),
        ),
        "payouts_failed": (
            _("Refunds that failed"),
            _("The customer still waits for the money: send it again, or into the wallet."),
        ),
        "payouts_processing": (
            _("Refunds without an answer"),
            _("The gateway has not said how they ended; the shop keeps asking under the same number."),
        ),
        "sold_out": (_("SKUs that are sold out"), _("On sale, and not one unit is free.")),
        "low_stock": (_("SKUs that are nearly sold out"), _("On sale, with five free units or fewer.")),
        "failed_jobs": (_("Jobs that failed"), _("Work that was given up after many tries; try it again.")),
        "unsealed": (
            _("Minutes since the ledger was sealed"),
            _("The worker is not running, or the sealer found a contradiction."),
        ),
        "paused": (_("Selling is paused"), _("No order is taken; what was ordered is still paid and delivered.")),
        "aftersales": (_("After-sales requests"), _("Customers wait for an answer.")),
        "aftersales_due": (_("After-sales requests that are overdue"), _("The promised time to answer is over.")),
        "parcels": (_("Parcels to send"), _("Paid, packed by nobody yet.")),
        "withdrawals": (_("Withdrawals to review"), _("Customers want money out of their wallets.")),
        "invoices": (_("Invoices to issue"), _("Customers asked for an invoice.")),
    }
