"""Data health: of when the figures are, whether the copy is whole, and which test failed since when. No SQL here."""

from dataclasses import asdict

import pandas as pd
import streamlit as st

from dashboards import format as written
from dashboards import frame, tables
from dashboards.export import Column
from dashboards.frame import Figure
from dashboards.grid import grid
from dashboards.page import Page
from dashboards.queries import health
from dashboards.queries.health import CheckResult, TableCount
from dashboards.snapshots import Attempt, FailedTest
from dashboards.view import View


def show(view: View) -> None:
    """The whole page."""
    tests, counts = health.test_results(view.reader), health.table_counts(view.reader)
    if view.failed_attempt:
        _failed_attempt(view, view.failed_attempt)
    frame.notices(view, full=True)
    _answer(view, tests, counts)
    frame.headline(_figures(view, tests, counts))
    _tests(view, tests)
    _counts(view, counts)
    _origin(view)


def _failed_attempt(view: View, attempt: Attempt) -> None:
    _ = view.gettext
    lines = [_failure(view, test) for test in attempt.failed_tests] or [attempt.error or _("No reason was recorded.")]
    st.error(
        "\n\n".join(
            [
                _("**The update of {instant} was not published.**").format(instant=view.local(attempt.attempted_at)),
                *(f"- {line}" for line in lines),
                _(
                    "Safe: the figures below are the last ones that passed every test."
                    " To do: look into the named test, correct the cause, then run `mingsuan refresh`."
                ),
            ]
        ),
        icon=":material/error:",
    )


def _failure(view: View, test: FailedTest) -> str:
    _ = view.gettext
    since = view.local(test.failing_since) if test.failing_since else _("this update")
    text = _("`{test}` on `{model}`: {failures} rows, failing since {since}.").format(
        test=test.name,
        model=test.model or written.NOTHING,
        failures=written.NOTHING if test.failures is None else written.count(test.failures),
        since=since,
    )
    return f"{text} {test.description}" if test.description else text


def _answer(view: View, tests: list[CheckResult], counts: list[TableCount]) -> None:
    _ = view.gettext
    question, version = _("Can these figures be trusted?"), _("Version {version}")
    sentence = version.format(version=view.manifest.version)
    st.html(tables.answer(question, sentence, _verdict(view, tests, counts), _meaning(view, tests, counts)))
    frame.stamp(view)


def _verdict(view: View, tests: list[CheckResult], counts: list[TableCount]) -> str:
    _ = view.gettext
    if view.failed_attempt:
        return _("True, but not updated")
    if any(test.status in {"fail", "error"} for test in tests) or any(table.difference for table in counts):
        return _("Look closer")
    return _("True, but old") if view.is_stale else _("Yes")


def _meaning(view: View, tests: list[CheckResult], counts: list[TableCount]) -> str:
    _ = view.gettext
    counted = [table for table in counts if table.difference is not None]
    meaning = _("{passed} of {all} tests passed; {same} of {tables} tables have as many rows as the shop.").format(
        passed=written.count(_passed(tests)),
        all=written.count(len(tests)),
        same=written.count(sum(table.difference == 0 for table in counted)),
        tables=written.count(len(counted)),
    )
    if len(counted) == len(counts):
        return meaning
    names = ", ".join(table.table_name for table in counts if table.difference is None)
    uncounted = _("Not counted in this batch: {tables} (large tables are counted once an hour).")
    return f"{meaning} {uncounted.format(tables=names)}"


def _figures(view: View, tests: list[CheckResult], counts: list[TableCount]) -> list[Figure]:
    _ = view.gettext
    manifest = view.manifest
    warned = sum(test.status == "warn" for test in tests)
    return [
        Figure(
            _("As of"), str(manifest.as_of_date), _("Business date at which open repurchase intervals are cut off.")
        ),
        Figure(_("Age"), written.age(view.age, _), _("Time since the shop looked exactly like this.")),
        Figure(
            _("Tests not passed"),
            written.count(len(tests) - _passed(tests)),
            _("Failures of blocking tests keep a version from being published; warnings do not."),
            _("{warned} of them warnings").format(warned=written.count(warned)) if warned else None,
        ),
        Figure(
            _("Rows missing or extra"),
            written.count(sum(abs(table.difference or 0) for table in counts)),
            _("Row counts of the shop and of the warehouse, taken in the same snapshot, must be equal."),
        ),
        Figure(
            _("Oldest open transaction"),
            written.seconds(manifest.oldest_transaction_age_s, _),
            _("How far back a batch had to look; a long one delays only its own rows."),
        ),
    ]


def _passed(tests: list[CheckResult]) -> int:
    return sum(test.status == "pass" for test in tests)


def _tests(view: View, tests: list[CheckResult]) -> None:
    _ = view.gettext
    st.subheader(_("Which tests ran, and how did they end?"))
    if not tests:
        st.caption(_("This version carries no test results."))
        return
    results = {"pass": _("✓ passed"), "warn": _("! warns"), "fail": _("✗ failed"), "error": _("✗ broke")}
    zone = view.manifest.zone
    shown = pd.DataFrame(
        [
            {
                **asdict(test),
                "result": results.get(test.status, test.status),
                "weight": _("warns only") if test.severity == "warn" else _("blocks publication"),
                "since": test.failing_since and written.short_instant(test.failing_since, zone),
            }
            for test in tests
        ]
    )
    columns = (
        Column("result", _("Result")),
        Column("name", _("Test")),
        Column("model", _("Table")),
        Column("failures", _("Failing rows"), "count"),
        Column("since", _("Failing since")),
        Column("weight", _("On failure")),
        Column("description", _("What it says"), "prose"),
        Column("column_name", _("Column")),
        Column("message", _("Message"), "prose"),
    )
    grid(view, columns, shown, "grid_tests", _("Tests"))
    frame.downloads(
        view, f"tests-{view.manifest.version}", _("Tests"), columns, lambda: shown, frame.about(view, [], [])
    )


def _counts(view: View, counts: list[TableCount]) -> None:
    _ = view.gettext
    st.subheader(_("Is every row of the shop here?"))
    headings = [
        tables.Heading(_("Table")),
        tables.Heading(_("In the shop"), "number"),
        tables.Heading(_("In the warehouse"), "number"),
        tables.Heading(_("Difference"), "number"),
        tables.Heading(_("Versions kept"), "number"),
    ]
    rows = [
        tables.Row(
            (
                row.table_name,
                written.NOTHING if row.source_rows is None else written.count(row.source_rows),
                written.count(row.raw_current_rows),
                _difference(view, row),
                written.count(row.raw_versions),
            ),
            "bad" if row.difference else "",
        )
        for row in counts
    ]
    st.html(tables.table(_("Row counts in the same snapshot"), headings, rows))


def _difference(view: View, row: TableCount) -> str:
    _ = view.gettext
    if row.difference is None:
        return _("not counted in this batch")
    return f"✗ {written.count(row.difference)}" if row.difference else "✓ 0"


def _origin(view: View) -> None:
    _ = view.gettext
    manifest = view.manifest
    st.subheader(_("Where do these figures come from?"))
    headings = [tables.Heading(_("What")), tables.Heading(_("Value"))]
    facts = (
        (_("Version"), manifest.version),
        (_("Source instant"), view.local(manifest.source_instant)),
        (_("Source snapshot"), manifest.source_snapshot),
        (_("Batch"), written.count(manifest.batch_id)),
        (_("Built"), view.local(manifest.built_at)),
        (_("Published"), view.local(manifest.published_at)),
        (_("Revision of the code"), manifest.git_revision or written.NOTHING),
        (_("Currency"), manifest.currency),
        (_("Zone of business dates"), manifest.zone.key),
    )
    st.html(tables.table(_("Origin"), headings, [tables.Row(fact) for fact in facts]))


PAGE = Page(
    "health",
    lambda _: _("Data health"),
    ":material/verified:",
    "auditor",
    ("owner", "buyer", "auditor", "operator"),
    show,
)
