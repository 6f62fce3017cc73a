"""The columns of the Channels page's tables, and what its figures mean."""

from dashboards.export import Column
from mingsuan.i18n import Translator


def effective_cost(_: Translator) -> str:
    """The definition that stands behind every effective cost."""
    return _(
        "Paid for codes + written off and not come back + replacements of bad codes − suppliers' credits."
        " Over good units: the effective cost of one."
    )


def definitions(_: Translator) -> list[tuple[str, str]]:
    """What exports say of the scorecard."""
    return [
        (_("Effective cost"), effective_cost(_)),
        (_("Good units"), _("Codes that were not bad, and bad ones that were replaced.")),
        (_("List cost"), _("Mean price at which the good units were ordered.")),
        (
            _("95 % interval"),
            _("Of cost: by how differently attempts turned out, from 30 good units on. Of rates: Wilson's."),
        ),
        (_("Ended unknown"), _("Written off because no answer came, whatever came later.")),
        (_("Comparison"), _("Channels sell different goods: compare effective over list cost, or choose one SKU.")),
    ]


def scorecard(_: Translator) -> tuple[Column, ...]:
    """Every figure of a channel."""
    low, high = _("95 % from"), _("95 % to")
    return (
        Column("channel_name", _("Channel")),
        Column("good_units", _("Good units"), "count"),
        Column("list_unit_fen", _("List cost"), "money"),
        Column("unit_fen", _("Effective cost"), "money"),
        Column("unit_lo_fen", low, "money"),
        Column("unit_hi_fen", high, "money"),
        Column("effective_to_list", _("Effective over list"), "rate"),
        Column("effective_to_list_lo", low, "rate"),
        Column("effective_to_list_hi", high, "rate"),
        Column("n_purchases", _("Attempts"), "count"),
        Column("n_ended", _("Ended"), "count"),
        Column("success_rate", _("Success"), "rate"),
        Column("success_rate_lo", low, "rate"),
        Column("success_rate_hi", high, "rate"),
        Column("code_p50_seconds", _("p50, s"), "count"),
        Column("code_p95_seconds", _("p95, s"), "count"),
        Column("code_p99_seconds", _("p99, s"), "count"),
        Column("n_codes", _("Codes"), "count"),
        Column("defect_rate", _("Bad codes"), "rate"),
        Column("defect_rate_lo", low, "rate"),
        Column("defect_rate_hi", high, "rate"),
        Column("unknown_rate", _("Ended unknown"), "rate"),
        Column("unknown_rate_lo", low, "rate"),
        Column("unknown_rate_hi", high, "rate"),
        Column("cost_of_successes_fen", _("Paid for codes"), "money"),
        Column("unrecovered_fen", _("Written off"), "money"),
        Column("replacement_fen", _("Replacements"), "money"),
        Column("credited_fen", _("Credits"), "money"),
        Column("borne_fen", _("Borne in all"), "money"),
        Column("n_money_back", _("Proven failures"), "count"),
        Column("money_back_p50_seconds", _("Money back p50, s"), "count"),
        Column("money_back_p95_seconds", _("Money back p95, s"), "count"),
        Column("n_price_changes", _("Price moves"), "count"),
        Column("supplier_name", _("Supplier")),
        Column("channel_code", _("Code of the channel")),
    )


def price_moves(_: Translator) -> tuple[Column, ...]:
    """One move of an offer's price."""
    return (
        Column("moved_at", _("Learnt"), "instant"),
        Column("channel_code", _("Channel")),
        Column("sku_code", _("SKU")),
        Column("previous_unit_cost_fen", _("Before"), "money"),
        Column("unit_cost_fen", _("Since then"), "money"),
        Column("change_fen", _("Change"), "money"),
        Column("change_share", _("Of the price"), "rate"),
        Column("code_count", _("Codes since"), "count"),
        Column("extra_fen", _("Cost so far"), "money"),
        Column("how", _("Learnt how")),
        Column("believed", _("State")),
    )


def inversions(_: Translator) -> tuple[Column, ...]:
    """One stretch of time in which an offer left less than the floor."""
    return (
        Column("channel_code", _("Channel")),
        Column("sku_code", _("SKU")),
        Column("unit_cost_fen", _("Costs"), "money"),
        Column("list_price_fen", _("List price"), "money"),
        Column("floor_fen", _("Floor"), "money"),
        Column("shortfall_fen", _("Lacks"), "money"),
        Column("began_at", _("Began"), "instant"),
        Column("ended_at", _("Ended at"), "instant"),
        Column("code_count", _("Bought all the same"), "count"),
        Column("loss_count", _("Sold below cost"), "count"),
        Column("loss_fen", _("Lost"), "money"),
    )


def purchases(_: Translator) -> tuple[Column, ...]:
    """One attempt to buy."""
    return (
        Column("created_at", _("Begun"), "instant"),
        Column("request_no", _("Request")),
        Column("channel_code", _("Channel")),
        Column("sku_code", _("SKU")),
        Column("state_name", _("State")),
        Column("listed_fen", _("List cost"), "money"),
        Column("cost_fen", _("Cost"), "money"),
        Column("unrecovered_fen", _("Written off"), "money"),
        Column("replacement_fen", _("Replacements"), "money"),
        Column("credited_fen", _("Credits"), "money"),
        Column("borne_fen", _("Borne in all"), "money"),
        Column("seconds_to_end", _("Seconds"), "count"),
        Column("outcome_code", _("Said by the supplier")),
    )
