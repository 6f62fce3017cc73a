"""Where in the shop a notice leads, by its kind and subject. Pure."""

from collections.abc import Mapping
from urllib.parse import quote

INBOX = "/notices"
PREFERENCES = "/account/notices"
OF_KIND = {
    "receipt_returned": "/orders",
    "benefit_expiring": "/benefits",
    "withdrawal_decided": "/wallet",
    "invoice_issued": "/invoices",
    "new_device": "/account/security",
    "password_changed": "/account/security",
    "contact_changed": "/account/contacts",
}


def number_of(subject: str, values: Mapping[str, str | int]) -> str:
    """The order's number: the value `order_no`, else what follows the colon of the subject."""
    return str(values.get("order_no") or _name(subject))


def path_of(kind: str, subject: str, values: Mapping[str, str | int]) -> str:
    """Starts with a slash and holds no word of anybody's but the shop's numbers."""
    if kind in OF_KIND:
        return OF_KIND[kind]
    if kind == "restock":
        return f"/products/{quote(str(values['slug']), safe='')}" if values.get("slug") else "/"
    if subject.startswith("draw:"):
        return f"/draws/{quote(_name(subject), safe='')}"
    if subject.startswith("case:"):
        return f"/cases/{quote(_name(subject), safe='')}"
    number = number_of(subject, values)
    return f"/orders/{quote(number, safe='')}" if number else INBOX


def _name(subject: str) -> str:
    return subject.partition(":")[2].partition("#")[0]
