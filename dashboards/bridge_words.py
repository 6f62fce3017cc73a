"""What moved profit, in words: names and meanings of the bridge's steps, and the sentence that tells the largest."""

from collections.abc import Mapping, Sequence
from typing import Any

from dashboards import format as written
from dashboards.queries.bridge import Step, StepName
from dashboards.view import View
from mingsuan.i18n import Translator

TOLD = 3
"""Steps that the sentence names."""


def names(_: Translator) -> dict[StepName, str]:
    """What people call each step."""
    return {
        "volume": _("Units sold"),
        "mix": _("Mix of goods"),
        "list_price": _("List prices"),
        "discount": _("Discounts"),
        "refunds": _("Refunds"),
        "other_income": _("Draws, membership, other"),
        "unit_cost": _("Unit costs"),
        "fees": _("Payment fees"),
        "delivery_and_losses": _("Delivery and losses"),
        "commissions": _("Commissions"),
        "marketing_and_goodwill": _("Marketing and goodwill"),
        "prizes": _("Draw prizes"),
    }


def meanings(_: Translator) -> dict[StepName, str]:
    """One sentence a step: how its amount is computed."""
    return {
        "volume": _("More or fewer units × what a unit of the later period brings on average."),
        "mix": _("The same number of units in the later mix of goods, at later prices and costs."),
        "list_price": _("The earlier units × the change of each SKU's list price per unit."),
        "discount": _("The earlier units × the change of each SKU's discount per unit, reversed."),
        "refunds": _("Refunds of earned revenue, earlier − later, dated by the refund."),
        "other_income": _("Draw, membership and other income, later − earlier."),
        "unit_cost": _(
            "The earlier units × the change of each SKU's cost per unit, reversed; a cost learnt late counts."
        ),
        "fees": _("Payment fees, earlier − later."),
        "delivery_and_losses": _("Delivery costs, supplier and card losses and chargebacks, earlier − later."),
        "commissions": _("Commissions, earlier − later."),
        "marketing_and_goodwill": _("Marketing and goodwill, earlier − later."),
        "prizes": _("Draw prizes, earlier − later."),
    }


def sentence(view: View, steps: Sequence[Step], strongest: Mapping[str, Mapping[str, Any]]) -> str:
    """The two or three largest causes with their amounts, and for each the product that moved it most."""
    _ = view.gettext
    largest = [step for step in sorted(steps, key=lambda step: -abs(step.amount_fen)) if step.amount_fen][:TOLD]
    if not largest:
        return _("Nothing that makes up profit moved.")
    return _("Above all: {causes}.").format(causes=_("; ").join(_cause(view, step, strongest) for step in largest))


def _cause(view: View, step: Step, strongest: Mapping[str, Mapping[str, Any]]) -> str:
    _ = view.gettext
    name, moved = names(_)[step.step], written.change(step.amount_fen, view.currency)
    product = strongest.get(step.step)
    if product is None:
        return _("{cause} {amount}").format(cause=name, amount=moved)
    return _("{cause} {amount} ({product} alone {part})").format(
        cause=name,
        amount=moved,
        product=view.named(product["title_zh"], product["title_en"], written.NOTHING),
        part=written.change(product["amount_fen"], view.currency),
    )
