"""An exported order's cells, and who may read whose address in them."""

from collections.abc import Callable, Sequence
from decimal import Decimal

from mingsuan import money
from transactional.accounts.persons.contacts import masked_email
from transactional.backoffice import customers
from transactional.backoffice.exports import Cell
from transactional.backoffice.order_list import ListedOrder, OrderFilter
from transactional.backoffice.order_wording import method_texts, wait_texts
from transactional.db import ReadSession
from transactional.orders.wording import state_texts
from transactional.web.page import Page
from transactional.web.problem_pages import kinds

Shown = Callable[[str | None], str]


def heading(page: Page) -> Sequence[str]:
    """Names of the columns, in the reader's language."""
    _ = page.translate
    return (
        _("Order number"),
        _("State"),
        _("Ordered"),
        _("Paid on"),
        _("Delivered on"),
        _("Product"),
        _("Quantity"),
        _("List price"),
        _("Discount"),
        _("Amount"),
        _("Refunded"),
        _("Way to pay"),
        _("Waits for"),
        _("E-mail"),
        _("Customer number"),
    )


def row(order: ListedOrder, page: Page, email: str) -> list[Cell]:
    """The cells of an order; instants in the shop's zone, amounts as numbers."""
    _ = page.translate
    waits = wait_texts(_)
    instants = (order.ordered_at, order.paid_at, order.delivered_at)
    days: list[Cell] = [at.astimezone(page.shop.zone).strftime("%Y-%m-%d %H:%M:%S") if at else "" for at in instants]
    sums = (order.gross_fen, order.discount_fen, order.net_fen, order.refunded_fen)
    amounts: list[Cell] = [Decimal(money.plain(fen, page.shop.currency)) for fen in sums]
    return [
        order.order_no,
        state_texts(_)[order.state].name,
        *days,
        page.local(order, "title"),
        order.quantity,
        *amounts,
        method_texts(_).get(order.method or "", ""),
        "、".join(waits[reason] for reason in order.reasons),
        email,
        str(order.customer),
    ]


def email_for(page: Page) -> Shown:
    """Whole addresses for those who look after customers, masked ones for everybody else."""
    whole = page.staff is not None and page.staff.may("see_customers")

    def shown(email: str | None) -> str:
        return "" if not email else email if whole else masked_email(email)

    return shown


async def customer_of(session: ReadSession, chosen: OrderFilter) -> str | None:
    """Public name of the customer that a filter names."""
    return str(await customers.by_id(session, chosen.customer_id)) if chosen.customer_id is not None else None


def problem_texts(language: str) -> dict[str, str]:
    """What each kind of refusal is called."""
    return {name: kind().heading(language) for name, kind in kinds().items() if "{" not in kind.message}
