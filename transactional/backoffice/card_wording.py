"""What the desk says about stock: filters, kinds of trouble, and what a form has done. Pure."""

from collections.abc import Callable

from mingsuan.i18n import Translator


def batch_state_texts(_: Translator) -> dict[str, str]:
    """By what may be asked of a batch."""
    return {
        "left": _("Has codes left"),
        "used_up": _("Nothing left"),
        "defective": _("Had bad codes"),
        "void": _("Taken out of stock"),
        "expired": _("Expired"),
        "no_cost": _("Cost unknown"),
    }


def done_texts(_: Translator, count: int, money: Callable[[int], str]) -> dict[str, str]:
    """By what was done; `count` is a number of codes, or an amount in fen."""
    return {
        "imported": _("In stock: {n}").format(n=f"{count:,}"),
        "void": _("Taken out of stock: {n}").format(n=f"{count:,}"),
        "cost": _("The batch now cost {amount} in all.").format(amount=money(count)),
        "credit": _("{amount} given back by the supplier is on record.").format(amount=money(count)),
        "defects": _("Bad codes on record: {n}").format(n=f"{count:,}"),
    }
