"""How the law of coming back is put into words: scopes, intervals, methods, and the table over all scopes."""

from dataclasses import fields
from typing import Any

import pandas as pd

from dashboards import format as written
from dashboards.export import Column
from dashboards.queries.repurchase import Estimate, Repurchase
from dashboards.view import View
from mingsuan.i18n import Translator


class Words:
    """Names of scopes and figures in the reader's language."""

    def __init__(self, view: View, categories: list[dict[str, Any]]) -> None:
        self._ = view.gettext
        self._categories = {c["slug"]: view.named(c["name_zh"], c["name_en"], c["slug"]) for c in categories}

    def kind(self, scope: str) -> str:
        """What the shop is divided by."""
        _ = self._
        return {
            "all": _("Whole shop"),
            "occasion_number": _("By number of the purchase"),
            "category": _("By category"),
            "acquisition_channel": _("By channel of acquisition"),
        }.get(scope, scope)

    def value(self, scope: str, value: str) -> str:
        """One part of that division."""
        _ = self._
        if scope == "all":
            return _("Whole shop, per occasion")
        if scope == "occasion_number" and value.isdigit():
            return _("Purchase {n} to {next}").format(n=value, next=int(value) + 1)
        if scope == "category":
            return self._categories.get(value, value)
        return value

    def scope(self, of: Repurchase) -> str:
        return self.value(of.scope, of.scope_value)

    def days(self, value: float | None) -> str:
        _ = self._
        return _("not reached") if value is None else _("{days} days").format(days=written.days(value))

    def days_interval(self, estimate: Estimate) -> str:
        """`90–98 days`, or `143 days or more` when the data do not reach the other end."""
        _ = self._
        if estimate.low is None and estimate.high is None:
            return _("not reached")
        if estimate.high is None:
            return _("{days} days or more").format(days=written.days(estimate.low))
        if estimate.low is None:
            return _("up to {days} days").format(days=written.days(estimate.high))
        return _("{days} days").format(days=written.interval(written.days(estimate.low), written.days(estimate.high)))

    def interval_sentence(self, of: Repurchase) -> str:
        _ = self._
        if of.median.value is None:
            return _("Fewer than half have come back so far, so the median is not reached.")
        return _("95 % interval {interval}, by Kaplan–Meier").format(interval=self.days_interval(of.median))

    def method(self, of: Repurchase) -> str:
        _ = self._
        if of.interval_method == "clustered":
            return _("Frequent buyers give many intervals, so the interval is clustered by customer.")
        return _("One interval a customer, so the interval is Greenwood's (log-log).")


def why_naive_is_short(_: Translator, of: Repurchase) -> str:
    """Why two medians are shown."""
    if of.naive_median_days is None:
        return _("No interval is completed yet; everyone is still waited for.")
    return _(
        "The naive median counts completed intervals only. Whoever takes long is often still away, is left out, and so"
        " it is biased short. Kaplan–Meier counts the waiting ones for as long as they have been observed."
    )


def definitions(_: Translator) -> list[tuple[str, str]]:
    """What exports say about the figures."""
    return [
        (
            _("Interval"),
            _("Days from one purchase day of a customer to the next; open ones are censored as of the date."),
        ),
        (_("Median"), _("Kaplan–Meier: the day by which half have bought again; empty when not reached.")),
        (_("95 % interval"), _("Log-log; clustered by customer where customers give several intervals.")),
        (_("Naive median"), _("Median of completed intervals only: customers who have not come back yet are ignored.")),
    ]


def overview(view: View, words: Words, scopes: list[Repurchase]) -> tuple[tuple[Column, ...], pd.DataFrame]:
    """One row per scope, as the table and the export show it."""
    _ = view.gettext
    columns = (
        Column("name", _("Scope")),
        Column("n_customers", _("Customers"), "count"),
        Column("n_occasions", _("Purchase days"), "count"),
        Column("n_intervals", _("Intervals"), "count"),
        Column("median", _("Median, days"), "days"),
        Column("median_lo", _("95 % from"), "days"),
        Column("median_hi", _("95 % to"), "days"),
        Column("q25", _("A quarter, days"), "days"),
        Column("q75", _("Three quarters, days"), "days"),
        Column("p30", _("Within 30"), "rate"),
        Column("p60", _("Within 60"), "rate"),
        Column("p90", _("Within 90"), "rate"),
        Column("p365", _("Within 365"), "rate"),
        Column("naive_median_days", _("Naive median"), "days"),
        Column("kind", _("Divided how")),
    )
    return columns, pd.DataFrame([_row(words, scope) for scope in scopes])


def _row(words: Words, scope: Repurchase) -> dict[str, Any]:
    estimates = {f.name: getattr(scope, f.name) for f in fields(Repurchase)}
    return {
        **{name: value.value if isinstance(value, Estimate) else value for name, value in estimates.items()},
        "name": words.scope(scope),
        "kind": words.kind(scope.scope),
        "median_lo": scope.median.low,
        "median_hi": scope.median.high,
    }
