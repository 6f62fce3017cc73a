"""How channels are compared in words: which is the cheapest and how sure that is, what is drawn, what columns mean."""

from dataclasses import dataclass
from typing import Any

import pandas as pd

from dashboards import format as written
from dashboards.format import yuan
from dashboards.view import View
from dashboards.whiskers import WhiskerWords
from mingsuan.i18n import Translator

MEASURES = ("cost", "success", "defects", "unknown", "seconds")
SUMMED = ("borne_fen", "listed_fen", "good_units", "n_codes", "n_ended", "n_defective")
FEWEST_UNITS = 30
"""Good units below which the warehouse states no interval of the cost."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The page's answer."""

    sentence: str
    figure: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Drawing:
    """A chart's question, its estimates as `whiskers` takes them, its texts, and how to read it."""

    question: str
    estimates: pd.DataFrame
    words: WhiskerWords
    legend: str


def verdict(view: View, scores: pd.DataFrame, of_a_sku: bool) -> Verdict:
    """The channel of the least effective cost among those with an interval, and which ones may be equal."""
    _ = view.gettext
    known = scores[scores["effective_to_list_lo"].notna()]
    if known.empty:
        said = _("No channel has {n} good units yet: too few to say what a code really costs there.")
        return Verdict(_("too little to go by"), written.NOTHING, said.format(n=FEWEST_UNITS))
    by = "unit_fen" if of_a_sku else "effective_to_list"
    low, high = ("unit_lo_fen", "unit_hi_fen") if of_a_sku else ("effective_to_list_lo", "effective_to_list_hi")
    known = known.sort_values([by, "channel_code"])
    best, others = known.iloc[0], known.iloc[1:]
    equal = others[others[low] <= best[high]]["channel_name"].tolist()
    meaning = _cost_of(view, best, of_a_sku)
    if equal:
        names = _(", ").join(equal)
        meaning = _("{cost} Intervals overlap, so these may be as good: {names}.").format(cost=meaning, names=names)
    elif len(others):
        meaning = _("{cost} No other channel's interval reaches down to it.").format(cost=meaning)
    sentence = _("the cheapest by effective cost") if of_a_sku else _("the least is added to the list price at")
    return Verdict(sentence, str(best["channel_name"]), meaning)


def _cost_of(view: View, best: "pd.Series[Any]", of_a_sku: bool) -> str:
    _ = view.gettext
    if of_a_sku:
        value, low, high = (view.money(best[name]) for name in ("unit_fen", "unit_lo_fen", "unit_hi_fen"))
        said = _("{value} a good unit, 95 % interval {low}–{high}, {n} good units.")
    else:
        names = ("effective_to_list", "effective_to_list_lo", "effective_to_list_hi")
        value, low, high = (written.rate(float(best[name])) for name in names)
        said = _("{value} of list cost, 95 % interval {low}–{high}, {n} good units.")
    return said.format(value=value, low=low, high=high, n=written.count(best["good_units"]))


def measure_names(_: Translator) -> dict[str, str]:
    """What channels are compared by."""
    return {
        "cost": _("Cost"),
        "success": _("Success"),
        "defects": _("Bad codes"),
        "unknown": _("Ended unknown"),
        "seconds": _("Seconds to code"),
    }


def drawing(view: View, measure: str, scores: pd.DataFrame, of_a_sku: bool) -> Drawing:
    """What is drawn for a measure."""
    if measure == "cost":
        return _unit_costs(view, scores) if of_a_sku else _ratios(view, scores)
    return _seconds(view, scores) if measure == "seconds" else _rates(view, scores, measure)


def _ratios(view: View, scores: pd.DataFrame) -> Drawing:
    _ = view.gettext
    names = ["effective_to_list", "effective_to_list_lo", "effective_to_list_hi"]
    estimates = _estimates(scores, names, "good_units", _("{n} good units"), written.rate).assign(tick=1.0)
    words = _words(_, _("effective cost, of list cost"), _("Effective cost"), ".1%")
    legend = _("Dot: effective cost. Line: its 95 % interval; hollow without one. Tall tick: list cost.")
    return Drawing(_("What does each channel cost beyond its prices?"), estimates, words, legend)


def _unit_costs(view: View, scores: pd.DataFrame) -> Drawing:
    _ = view.gettext
    names = ["unit_fen", "unit_lo_fen", "unit_hi_fen"]
    estimates = _estimates(scores, names, "good_units", _("{n} good units"), lambda fen: view.money(round(fen)))
    whole = float(yuan(1, view.currency))
    estimates[["value", "low", "high"]] *= whole
    listed = scores.loc[scores["unit_fen"].notna(), "list_unit_fen"].astype(float)
    axis = _("{currency} a good unit").format(currency=view.currency)
    words = _words(_, axis, _("Effective cost"), ",.2f")
    legend = _("Dot: effective cost. Line: its 95 % interval; hollow without one. Tall tick: list cost.")
    return Drawing(
        _("Where is this good really the cheapest?"), estimates.assign(tick=(listed * whole).tolist()), words, legend
    )


def _rates(view: View, scores: pd.DataFrame, measure: str) -> Drawing:
    _ = view.gettext
    column, n, sample, question, axis = {
        "success": (
            "success_rate",
            "n_ended",
            _("{n} ended"),
            _("How often does an attempt bring a code?"),
            _("of ended attempts"),
        ),
        "defects": (
            "defect_rate",
            "n_codes",
            _("{n} codes"),
            _("How many codes are bad?"),
            _("of codes, as far as known today"),
        ),
        "unknown": (
            "unknown_rate",
            "n_ended",
            _("{n} ended"),
            _("How often did nobody know how it ended?"),
            _("of ended attempts"),
        ),
    }[measure]
    names = [column, f"{column}_lo", f"{column}_hi"]
    estimates = _estimates(scores, names, n, sample, written.rate).assign(tick=None)
    words = _words(_, axis, measure_names(_)[measure], ".1%")
    return Drawing(question, estimates, words, _("Dot: the rate. Line: Wilson's 95 % interval."))


def _seconds(view: View, scores: pd.DataFrame) -> Drawing:
    _ = view.gettext
    names = ["code_p50_seconds", "code_p50_seconds", "code_p99_seconds"]
    estimates = _estimates(scores, names, "n_codes", _("{n} codes"), lambda s: written.seconds(s, _))
    ticks = scores.loc[scores["code_p50_seconds"].notna(), "code_p95_seconds"].astype(float)
    estimates = estimates.assign(tick=ticks.tolist())
    estimates[["value", "low", "high", "tick"]] = estimates[["value", "low", "high", "tick"]].clip(lower=1)
    words = WhiskerWords(
        axis=_("seconds from order to code, each step ten times the one before"),
        name=_("Channel"),
        value=_("Half within"),
        interval=_("Half – 99 %"),
        tick=_("95 % within"),
        sample=_("Sample"),
        format=",.0f",
        is_log=True,
    )
    legend = _("Dot: half of the codes came within. Tall tick: 95 in 100. End of the line: 99 in 100.")
    return Drawing(_("How long until the code is there?"), estimates, words, legend)


def _estimates(scores: pd.DataFrame, names: list[str], n: str, sample: str, write: Any) -> pd.DataFrame:
    """Rows of the channels that have a value: as `whiskers` takes them, their texts exact."""
    chosen = scores[scores[names[0]].notna()]
    value, low, high = (chosen[name].astype("float64") for name in names)
    ends = zip(low, high, strict=True)
    return pd.DataFrame(
        {
            "name": chosen["channel_name"],
            "value": value,
            "low": low,
            "high": high,
            "value_text": [write(each) for each in value],
            "interval_text": [written.NOTHING if pd.isna(a) else written.interval(write(a), write(b)) for a, b in ends],
            "sample": [sample.format(n=written.count(each)) for each in chosen[n]],
        }
    )


def _words(_: Translator, axis: str, value: str, number: str) -> WhiskerWords:
    return WhiskerWords(
        axis=axis,
        name=_("Channel"),
        value=value,
        interval=_("95 % interval"),
        tick=_("List cost"),
        sample=_("Sample"),
        format=number,
    )
