"""What states and movements of orders are called when people read them. Pure; `_` is the reader's translator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from mingsuan.i18n import Translator
from transactional.orders.schemas import OrderItemView, OrderView, UnitView


@dataclass(frozen=True, slots=True)
class StateText:
    """A state's short name, its headline and meaning on the order's own page, and the tone of its badge."""

    name: str
    headline: str
    meaning: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One point of the line that an order travels; `mark` is "done", "stopped" or ""."""

    name: str
    mark: str = ""
    at: datetime | None = None


def state_texts(_: Translator) -> dict[str, StateText]:
    """By order state."""
    return {
        "pending_payment": StateText(
            _("To be paid"), _("Waiting for payment"), _("It is kept for you until it is paid."), "warn"
        ),
        "paid": StateText(_("Paid"), _("Paid, delivery is next"), _("Your payment has arrived."), "warn"),
        "fulfilling": StateText(
            _("On its way"), _("Being delivered"), _("Your payment has arrived; your goods follow."), "warn"
        ),
        "partially_delivered": StateText(
            _("Partly delivered"), _("Partly delivered"), _("Some units are yours already, the others follow."), "warn"
        ),
        "delivered": StateText(
            _("Delivered"), _("Delivered: it is yours"), _("Everything of this order has been delivered."), "good"
        ),
        "completed": StateText(_("Completed"), _("Completed"), _("Everything of this order is done."), "good"),
        "cancelled": StateText(_("Cancelled"), _("Cancelled"), _("Nothing was paid and nothing was delivered.")),
        "refund_pending": StateText(
            _("Refund on its way"), _("Refund on its way"), _("The money is going back to where it came from."), "warn"
        ),
        "refunded": StateText(_("Refunded"), _("Refunded"), _("The money has gone back to where it came from.")),
    }


def unit_text(item: OrderItemView, unit: UnitView, _: Translator) -> str:
    """How a unit stands, when there is nothing of it to show."""
    if unit.state == "waiting":
        return {
            "stock": _("Waiting for new stock"),
            "manual": _("Being prepared by our staff"),
            "supplier": _("Being obtained for you"),
        }.get(unit.waits_for or "", _("Waiting for payment"))
    if unit.state == "delivered" and item.kind == "membership":
        return _("Active")
    return {
        "delivered": _("Delivered"),
        "refund_pending": _("Refund on its way"),
        "refunded": _("Refunded"),
        "cancelled": _("Cancelled"),
    }[unit.state]


def progress(order: OrderView, _: Translator) -> tuple[Step, ...]:
    """Placed, paid, delivered, shown; an order that ended otherwise says so as its last point."""
    shown = [unit.first_revealed_at for item in order.items for unit in item.units if unit.first_revealed_at]
    steps = [
        Step(_("Placed"), "done", order.ordered_at),
        Step(_("Paid"), _done(order.paid_at), order.paid_at),
        Step(_("Delivered"), _done(order.delivered_at), order.delivered_at),
    ]
    if order.state in {"cancelled", "refund_pending", "refunded"}:
        return *_reached(steps), Step(state_texts(_)[order.state].name, "stopped")
    first = min(shown, default=None)
    return *steps, Step(_("Shown"), _done(first), first)


def _done(at: datetime | None) -> str:
    return "done" if at else ""


def _reached(steps: Sequence[Step]) -> tuple[Step, ...]:
    return tuple(step for step in steps if step.mark)
