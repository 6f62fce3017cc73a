"""What routing says to staff: why a channel was chosen or none, in one sentence; refusals and terms in words. Pure."""

from collections.abc import Callable, Mapping

from mingsuan.i18n import Translator

Money = Callable[[int], str]
Values = Mapping[str, int | str]


def sentence(_: Translator, money: Money, outcome: str, reason: str, values: Values) -> str:
    """A decision in one sentence, from what its row says alone."""
    words: dict[str, int | str] = {
        name.removesuffix("_fen"): money(int(value)) if name.endswith("_fen") else value
        for name, value in values.items()
    }
    words["idle"] = idle_text(_, int(values.get("idle_minutes", -1)))
    words["causes"] = _("; ").join(refusal_texts(_)[cause] for cause in str(values.get("causes", "")).split())
    said = _chosen(_)[reason] if outcome == "chosen" else _not_chosen(_, outcome)[reason]
    return said.format(**words)


def _chosen(_: Translator) -> dict[str, str]:
    return {
        "cheapest": _(
            "{channel}: its price of {cost} comes to {effective} with failures, waiting and bad codes counted in, "
            "the least of {count} that could supply; the next is {next_channel} at {next_effective}."
        ),
        "only": _(
            "{channel}: at the moment it alone can supply; its price of {cost} comes to {effective} with failures, "
            "waiting and bad codes counted in."
        ),
        "pinned": _(
            "{channel}: the policy pins it; its price of {cost} comes to {effective} with failures, waiting and bad "
            "codes counted in."
        ),
        "explored": _(
            "{channel}, as a trial: {idle}, and it may by now be better than {next_channel} "
            "({effective} against {next_effective}, failures, waiting and bad codes counted in)."
        ),
        "overridden": _(
            "{channel}, by the owner's word: its price of {cost} leaves {margin}, less than the floor of {floor}."
        ),
    }


def _not_chosen(_: Translator, outcome: str) -> dict[str, str]:
    if outcome == "refund":
        return {
            "below_floor": _(
                "Money back: even {channel} at {cost} leaves {margin}, less than the floor of {floor}, "
                "and the policy is not to wait."
            ),
            "max_cost": _(
                "Money back: even {channel} at {cost} is above the highest price allowed, {most}, "
                "and the policy is not to wait."
            ),
            "all_tried": _("Money back: every channel that may supply this was tried and failed for sure."),
            "none": _("Money back: no channel may supply this."),
        }
    return {
        "below_floor": _(
            "Held for the owner: even {channel} at {cost} leaves {margin}, less than the floor of {floor}."
        ),
        "max_cost": _("Held for the owner: even {channel} at {cost} is above the highest price allowed, {most}."),
        "unavailable": _("Held: nobody can supply at the moment ({causes})."),
        "all_tried": _("Held: every channel that may supply this was tried and failed for sure."),
        "none": _("Held: no channel may supply this."),
    }


def refusal_texts(_: Translator) -> dict[str, str]:
    """By refusal: why a candidate cannot be."""
    return {
        "excluded": _("excluded by the policy"),
        "not_pinned": _("another channel is pinned"),
        "tried": _("tried for this unit and failed"),
        "region": _("supplies other regions"),
        "window": _("outside its hours"),
        "paused": _("paused"),
        "breaker": _("cut off after failures in a row"),
        "withdrawn": _("no longer offered"),
        "quarantined": _("its price is not to be believed"),
        "no_cost": _("its cost is not known"),
        "no_stock": _("too little stock"),
        "balance": _("too little prepaid with the supplier"),
        "max_cost": _("above the highest price allowed"),
        "below_floor": _("leaves less than the floor"),
    }


def outcome_texts(_: Translator) -> dict[str, str]:
    return {"chosen": _("Chosen"), "hold": _("Held"), "refund": _("Money back")}


def stage_texts(_: Translator) -> dict[str, str]:
    return {"quote": _("At ordering"), "payment": _("At payment"), "purchase": _("At purchase")}


def at_loss_texts(_: Translator) -> dict[str, str]:
    """By what a policy wants when nobody keeps the floor."""
    return {"hold": _("Hold for the owner"), "refund": _("Give the money back")}


def idle_text(_: Translator, minutes: int) -> str:
    """For how long nothing was bought from a channel; −1: nothing ever was."""
    if minutes < 0:
        return _("nothing was ever bought from it")
    if minutes < 120:
        return _("nothing was bought from it for {minutes} minutes").format(minutes=minutes)
    return _("nothing was bought from it for {hours} hours").format(hours=minutes // 60)
