"""What roles are for and what each of them may do, in words. Pure."""

from mingsuan.i18n import Translator


def role_hints(_: Translator) -> dict[str, str]:
    """By role, what somebody in it is there for."""
    return {
        "owner": _("Everything, staff and exports of codes included"),
        "buyer": _("Brings card codes in and mends stock; looks at orders"),
        "operator": _("Runs the shop: products, deliveries, refunds, customers"),
        "auditor": _(
            "Looks at everything with money in it; changes nothing but which kinds of draws there are, together with"
            " the owner"
        ),
    }


def may_texts(_: Translator) -> dict[str, str]:
    """By act of `accounts.rules.MAY`."""
    return {
        "see_orders": _("See orders, and everything that happened to one"),
        "export_orders": _("Export lists of orders"),
        "settle_orders": _("Deliver again, or refund what waits, in many orders at once"),
        "deliver": _("Deliver by hand"),
        "refund": _("Refund, in whole or in part"),
        "see_cases": _("See after-sales cases"),
        "settle_cases": _("Answer and decide after-sales cases"),
        "see_customers": _("See customers"),
        "end_sessions": _("End a customer's log-ins"),
        "edit_catalogue": _("Change products, prices and what is on sale"),
        "pause_selling": _("Pause selling and go on"),
        "see_alerts": _("See alerts"),
        "acknowledge_alerts": _("Take alerts in hand"),
        "see_supply": _("See suppliers, channels, offers and purchases"),
        "manage_channels": _("Set up channels and suppliers, and keep their offers and rates"),
        "set_routing": _("Decide how channels are chosen, and the least that a sale must earn"),
        "override_floor": _("Buy for a unit below the least that a sale must earn"),
        "settle_purchases": _("Settle purchases whose end is unknown"),
        "pay_suppliers": _("Record payments to suppliers"),
        "reconcile": _("Reconcile suppliers' statements and claims"),
        "see_draws": _("See draws, their entries and winners"),
        "manage_draws": _("Set draws up, open them, enter for the house"),
        "void_draws": _("Cancel a draw and give stakes back"),
        "deliver_prizes": _("Hand prizes over"),
        "record_opinions": _("Record legal opinions on kinds of draws"),
        "switch_modes": _("Switch kinds of draws on, two people together"),
        "see_cards": _("See stock of card codes, never a code"),
        "import_cards": _("Import card codes"),
        "mend_stock": _("Report bad codes, take codes out of stock"),
        "export_cards": _("Take codes out in clear"),
        "see_money": _("See wallets, withdrawals and invoices"),
        "credit_wallet": _("Credit wallets"),
        "import_costs": _("Store what advertising and couriers cost"),
        "see_payments": _("See payments and what gateways said"),
        "settle_payments": _("Decide about payments that fit no order, disputes, shares"),
        "see_ledger": _("See the ledger"),
        "close_month": _("Close a month of the ledger"),
        "resolve_cases": _("Close matters that wait for review"),
        "decide_withdrawals": _("Decide about withdrawals"),
        "settle_invoices": _("Issue and refuse invoices"),
        "decide_identity": _("Decide identity checks by hand"),
        "mend_benefits": _("Mend benefits that are out of step with their provider"),
        "configure_providers": _("Set up the providers of benefits"),
        "retry_jobs": _("Try failed background work again"),
        "manage_staff": _("Add staff, change roles, switch off"),
        "see_acts": _("See and export what staff did"),
        "see_security": _("See log-ins and attempts to get in"),
    }
