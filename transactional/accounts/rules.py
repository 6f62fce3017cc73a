"""What an e-mail address and a password must be, and what each role of staff may do. Pure."""

import re

from transactional.accounts.entry.common_passwords import is_common
from transactional.errors import FieldProblem

MIN_PASSWORD_LENGTH = 10
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+")

OPERATORS = frozenset({"owner", "operator"})
BUYERS = frozenset({"owner", "operator", "buyer"})
AUDITORS = frozenset({"owner", "auditor"})
EVERYONE = frozenset({"owner", "buyer", "operator", "auditor"})
MAY: dict[str, frozenset[str]] = {
    "credit_wallet": OPERATORS,
    "edit_catalogue": OPERATORS,
    "import_cards": BUYERS,
    "see_cards": EVERYONE,
    "mend_stock": BUYERS,
    "export_cards": frozenset({"owner"}),
    "pause_selling": OPERATORS,
    "deliver": OPERATORS,
    "refund": OPERATORS,
    "resolve_cases": OPERATORS,
    "see_cases": frozenset({"owner", "operator", "auditor"}),
    "settle_cases": OPERATORS,
    "see_orders": EVERYONE,
    "see_payments": EVERYONE,
    "settle_payments": OPERATORS,
    "settle_orders": OPERATORS,
    "decide_withdrawals": OPERATORS,
    "settle_invoices": OPERATORS,
    "see_ledger": AUDITORS,
    "close_month": frozenset({"owner"}),
    "see_customers": frozenset({"owner", "operator", "auditor"}),
    "see_money": frozenset({"owner", "operator", "auditor"}),
    "import_costs": OPERATORS,
    "manage_staff": frozenset({"owner"}),
    "see_acts": AUDITORS,
    "see_security": AUDITORS,
    "export_orders": frozenset({"owner", "operator", "auditor"}),
    "end_sessions": OPERATORS,
    "retry_jobs": OPERATORS,
    "decide_identity": OPERATORS,
    "mend_benefits": OPERATORS,
    "configure_providers": frozenset({"owner"}),
    "see_supply": EVERYONE,
    "see_alerts": EVERYONE,
    "acknowledge_alerts": BUYERS,
    "manage_channels": BUYERS,
    "set_routing": BUYERS,
    "override_floor": frozenset({"owner"}),
    "settle_purchases": BUYERS,
    "pay_suppliers": frozenset({"owner", "buyer"}),
    "reconcile": BUYERS,
    "see_draws": EVERYONE,
    "manage_draws": OPERATORS,
    "void_draws": frozenset({"owner"}),
    "deliver_prizes": OPERATORS,
    "record_opinions": frozenset({"owner"}),
    "switch_modes": AUDITORS,
}


def may(role: str, act: str) -> bool:
    """Whether a role may do an act. Raises KeyError for an act that nobody defined."""
    return role in MAY[act]


def email_problems(email: str) -> tuple[FieldProblem, ...]:
    """Only the shape is checked; whether it receives mail is the mail's to tell."""
    if len(email) <= 254 and EMAIL.fullmatch(email) and email.isprintable():
        return ()
    return (FieldProblem("email", "This is not an e-mail address."),)


def password_problems(password: str, email: str) -> tuple[FieldProblem, ...]:
    """Length, and that it is neither the address itself nor commonly used.

    NIST SP 800-63B: no rules about kinds of characters.
    """
    if len(password) < MIN_PASSWORD_LENGTH:
        return (FieldProblem("password", "Use at least {count} characters.", (("count", MIN_PASSWORD_LENGTH),)),)
    if password.strip().casefold() in {email.casefold(), email.partition("@")[0].casefold()}:
        return (FieldProblem("password", "The password must not be your e-mail address."),)
    if is_common(password):
        return (FieldProblem("password", "This password is one of the first that thieves try. Choose another."),)
    return ()
