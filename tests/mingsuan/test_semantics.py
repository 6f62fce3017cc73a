"""Questions in declared words: answered as a person would sum the rows, and refused by name when they cannot be."""

import json
import random
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from mingsuan import cli
from mingsuan.semantics.compiler import TIME, Filter, Grain, Question, compiled
from mingsuan.semantics.declared import (
    Condition,
    Dimension,
    Entity,
    Measure,
    Metric,
    Semantics,
    SemanticsError,
    SemanticTable,
    of_version,
    parse,
)

FIRST = date(2025, 11, 17)
Fact = dict[str, Any]
Group = tuple[Any, ...]


def _metric(name: str, unit: Any = "fen", **of: str) -> Metric:
    return Metric(name, name, name, "", "", unit, **of)


SEMANTICS = Semantics(
    metrics=(
        _metric("sales", measure="sales"),
        _metric("known_sales", measure="known_sales"),
        _metric("sales_of_a", measure="sales_of_a"),
        _metric("sales_but_a", measure="sales_but_a"),
        _metric("sales_paid", measure="sales_paid"),
        _metric("sales_unpaid", measure="sales_unpaid"),
        _metric("visits", "count", measure="visits"),
        _metric("visitors", "count", measure="visitors"),
        _metric("coverage", "share", numerator="known_sales", denominator="sales"),
        _metric("sales_per_visitor", "ratio", numerator="sales", denominator="visitors"),
    ),
    tables=(
        SemanticTable(
            *("booked", "mart_sales", None, "ledger_date", {"product": "product_key"}),
            dimensions=(Dimension("till", "till_code", "收银台", "Till"),),
            measures=(
                Measure("sales", "sum", "sales_fen"),
                Measure("known_sales", "sum", "known_fen"),
                Measure("sales_of_a", "sum", "sales_fen", Condition("product_key", ("a", "none"), exclude=False)),
                Measure("sales_paid", "sum", "sales_fen", Condition("is_paid", (), exclude=False)),
                Measure("sales_unpaid", "sum", "sales_fen", Condition("is_paid", (), exclude=True)),
                Measure("sales_but_a", "sum", "sales_fen", Condition("product_key", ("a",), exclude=True)),
            ),
        ),
        SemanticTable(
            *("visited", "fct_visits", None, "visited_date", {"product": "seen_key", "person": "person_key"}),
            measures=(Measure("visits", "sum", "pages"), Measure("visitors", "count_distinct", "person_key")),
        ),
        SemanticTable(
            *("things", "dim_things", "product", None, {"product": "thing_key"}),
            dimensions=(
                Dimension("kind", "kind", "类型", "Kind"),
                Dimension("maker", "made_by", "厂商", "Maker", shared=True),
            ),
        ),
        SemanticTable("people", "dim_people", "person", None, {"person": "person_key"}),
    ),
    entities=(Entity("product", "商品", "Product"), Entity("person", "顾客", "Person")),
)
KINDS = {"a": "card", "b": "card", "c": "voucher", "d": None}
MAKERS = {"a": "c", "b": "d", "c": "c", "d": "d"}


@pytest.fixture
def facts() -> dict[str, list[Fact]]:
    """Random sales and visits over 60 days; some products, tills and amounts are not known."""
    chance = random.Random(7)  # noqa: S311
    product = ["a", "b", "c", "d", "none", None]
    days = [FIRST + timedelta(days=number) for number in range(60)]
    sales = [
        {
            **{"day": chance.choice(days), "product": chance.choice(product), "till": chance.choice(["1", "2", None])},
            **{"sales": chance.choice([None, chance.randint(-500, 9_999)]), "known_sales": chance.randint(0, 3_000)},
            "is_paid": chance.choice([True, False, None]),
        }
        for _ in range(400)
    ]
    visits = [
        {
            **{"day": chance.choice(days), "product": chance.choice(product), "person": chance.choice("uvwxyz")},
            "visits": chance.randint(1, 9),
        }
        for _ in range(400)
    ]
    return {"sales": sales, "visits": visits}


@pytest.fixture
def version(facts: dict[str, list[Fact]]) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as connection:
        connection.execute(
            "create table mart_sales (ledger_date date, product_key varchar, till_code varchar, sales_fen bigint,"
            " known_fen bigint, is_paid boolean)"
        )
        connection.execute(
            "create table fct_visits (visited_date date, seen_key varchar, person_key varchar, pages bigint)"
        )
        connection.execute("create table dim_things (thing_key varchar, kind varchar, made_by varchar)")
        connection.executemany(
            "insert into mart_sales values (?, ?, ?, ?, ?, ?)", [[*f.values()] for f in facts["sales"]]
        )
        connection.executemany("insert into fct_visits values (?, ?, ?, ?)", [[*f.values()] for f in facts["visits"]])
        connection.executemany(
            "insert into dim_things values (?, ?, ?)", [[key, KINDS[key], MAKERS[key]] for key in KINDS]
        )
        yield connection


def _ask(version: duckdb.DuckDBPyConnection, question: Question) -> dict[Group, Group]:
    """Rows by their groups."""
    asked = compiled(SEMANTICS, question)
    width = len(question.by) + (question.grain is not None)
    rows = version.execute(asked.sql, asked.parameters).fetchall()
    assert len({row[:width] for row in rows}) == len(rows)
    return {row[:width]: row[width:] for row in rows}


def _by_hand(facts: dict[str, list[Fact]], question: Question) -> dict[Group, Group]:
    """The same, row by row."""
    kept: dict[str, dict[Group, list[Fact]]] = {}
    needed = {
        "sales": {"sales", "known_sales", "coverage", "sales_of_a", "sales_but_a", "sales_paid", "sales_unpaid"},
        "visits": {"visits", "visitors"},
    }
    both = "sales_per_visitor" in question.metrics
    for name, rows in facts.items():
        kept[name] = defaultdict(list)
        for row in rows:
            if (both or needed[name] & set(question.metrics)) and _is_wanted(row, question):
                time = [_start(row["day"], question.grain)] if question.grain else []
                kept[name][*time, *(_value(row, dimension) for dimension in question.by)].append(row)
    if not question.by and not question.grain:
        kept["sales"][()] = kept["sales"][()]
    return {
        group: tuple(
            _measured(metric, kept["sales"].get(group, []), kept["visits"].get(group, []))
            for metric in question.metrics
        )
        for group in kept["sales"].keys() | kept["visits"].keys()
    }


def _is_wanted(row: Fact, question: Question) -> bool:
    if question.period and not question.period[0] <= row["day"] <= question.period[1]:
        return False
    return all((_value(row, chosen.dimension) in chosen.values) is not chosen.exclude for chosen in question.where)


def _value(row: Fact, dimension: str) -> Any:
    of_products = {"product__kind": KINDS, "maker": MAKERS}
    return of_products[dimension].get(row["product"]) if dimension in of_products else row[dimension]


def _start(day: date, grain: Grain) -> date:
    if grain == "week":
        return day - timedelta(days=day.weekday())
    month = {"day": day.month, "month": day.month, "quarter": 3 * ((day.month - 1) // 3) + 1, "year": 1}[grain]
    return day if grain == "day" else date(day.year, month, 1)


def _measured(metric: str, sales: list[Fact], visits: list[Fact]) -> float | None:
    if metric == "sales_of_a":
        return _measured("sales", [row for row in sales if row["product"] in {"a", "none"}], visits)
    if metric == "sales_but_a":
        return _measured("sales", [row for row in sales if row["product"] not in {"a", None}], visits)
    if metric in {"sales_paid", "sales_unpaid"}:
        return _measured("sales", [row for row in sales if row["is_paid"] is (metric == "sales_paid")], visits)
    sold = [row["sales"] for row in sales if row["sales"] is not None]
    total = sum(sold) if sold else None
    known = sum(row["known_sales"] for row in sales) if sales else None
    visitors = len({row["person"] for row in visits})
    if metric == "coverage":
        return known / total if total and known is not None and 0 <= known <= total else None
    if metric == "sales_per_visitor":
        return total / visitors if visitors and total is not None else None
    pages = sum(row["visits"] for row in visits) if visits else None
    return {"sales": total, "known_sales": known, "visits": pages, "visitors": visitors}[metric]


def test_random_questions_are_answered_as_by_hand(
    version: duckdb.DuckDBPyConnection, facts: dict[str, list[Fact]], full_counts: bool
) -> None:
    chance = random.Random(11)  # noqa: S311
    for _ in range(200 if full_counts else 60):
        metrics = tuple(chance.sample([metric.name for metric in SEMANTICS.metrics], chance.randint(1, 4)))
        common = set.intersection(*(set(SEMANTICS.dimensions_for(SEMANTICS.metric(name))) for name in metrics))
        where = tuple(
            Filter(name, tuple(chance.sample(["a", "c", "none", "1", "card", None], 3)), chance.random() < 0.5)
            for name in chance.sample(sorted(common), chance.randint(0, len(common)))
        )
        question = Question(
            metrics,
            by=tuple(chance.sample(sorted(common), chance.randint(0, len(common)))),
            grain=chance.choice([None, "day", "week", "month", "quarter", "year"]),
            period=chance.choice([None, (FIRST + timedelta(days=9), FIRST + timedelta(days=44))]),
            where=where,
        )
        assert _ask(version, question) == _by_hand(facts, question), question


def test_a_quotient_is_of_sums_and_unknown_where_a_part_is_above_its_whole(
    version: duckdb.DuckDBPyConnection,
) -> None:
    version.execute("delete from mart_sales; insert into mart_sales values ('2026-01-01', 'a', '1', 100, 0, true)")
    version.execute(
        "insert into mart_sales values ('2026-01-02', 'a', '1', 300, 300, true), ('2026-01-03', 'b', '2', 5, 6, true)"
    )
    assert _ask(version, Question(("coverage",), by=("till",))) == {("1",): (0.75,), ("2",): (None,)}
    assert _ask(version, Question(("coverage",))) == {(): (306 / 405,)}


def test_values_are_bound_and_never_become_sql(version: duckdb.DuckDBPyConnection) -> None:
    evil = "x'; drop table mart_sales; --"
    question = Question(("sales",), where=(Filter("till", (evil,)),))
    assert _ask(version, question) == {(): (None,)}
    assert evil not in compiled(SEMANTICS, question).sql


@pytest.mark.parametrize(
    ("question", "message"),
    [
        (Question(("slaes",)), "no metric 'slaes'; near it are sales"),
        (Question(("sales; drop table x",)), "no metric 'sales; drop table x'"),
        (
            Question(("sales",), by=("person",)),
            "'sales' cannot be cut by 'person'; it can be by maker, product, product__kind",
        ),
        (Question(("visits",), where=(Filter("till", ("1",)),)), "'visits' cannot be cut by 'till'"),
        (
            Question(("sales",), by=("product__maker",)),
            "'sales' cannot be cut by 'product__maker'; that is called 'maker'",
        ),
        (Question(("visits", "sales"), by=("product.kind",)), "cannot be cut by 'product.kind'"),
        (Question(("sales",), grain="minute"), "'minute' is no grain"),  # type: ignore[arg-type]
        (Question(("sales", "sales")), "named twice: sales"),
        (Question(()), "at least one metric"),
    ],
)
def test_what_is_not_declared_is_refused_by_name(question: Question, message: str) -> None:
    with pytest.raises(SemanticsError, match=message):
        compiled(SEMANTICS, question)


def test_declarations_survive_being_written_and_read() -> None:
    assert parse(SEMANTICS.dump()) == SEMANTICS


def test_a_declaration_that_names_what_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SemanticsError, match="no metric 'gone'"):
        Semantics((_metric("rate", numerator="gone", denominator="gone"),), (), ())
    with pytest.raises(SemanticsError, match="needs measure 'gone'"):
        Semantics((_metric("sum", measure="gone"),), (), ())
    table = SemanticTable("t", "mart_t", None, "day", {}, measures=(Measure("m", "sum", "a) from x; --"),))
    with pytest.raises(SemanticsError, match="is no name"):
        Semantics((), (table,), ())
    evil = Measure("m", "sum", "fen", Condition("state", ("x') or true; --",), exclude=False))
    with pytest.raises(SemanticsError, match="is no name"):
        Semantics((), (SemanticTable("t", "mart_t", None, "day", {}, measures=(evil,)),), ())
    with pytest.raises(SemanticsError, match="declares no metrics"):
        of_version(tmp_path)


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: duckdb.DuckDBPyConnection) -> Path:
    """A published version of the random facts that declares what they mean."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINGSUAN_VAR", str(tmp_path))
    folder = tmp_path / "published/versions/20260101T000000Z-b1"
    folder.mkdir(parents=True)
    version.execute(f"attach '{folder / 'marts.duckdb'}' as file; copy from database memory to file; detach file")
    (folder / "manifest.json").write_text('{"segments": []}')
    (folder / "semantics.json").write_text(SEMANTICS.dump())
    (tmp_path / "published/current").symlink_to("versions/20260101T000000Z-b1")
    return folder


def _run(*arguments: str) -> tuple[int, str]:
    answer = CliRunner().invoke(cli.app, ["measure", *arguments])
    return answer.exit_code, answer.output


def test_the_command_line_answers_in_declared_words(published: Path, facts: dict[str, list[Fact]]) -> None:
    question = Question(("sales",), by=("product__kind",), grain="quarter", period=(date(2025, 12, 1), date.max))
    code, output = _run(
        *("sales", "--by", "product__kind", "--grain", "quarter", "--since", "2025-12-01", "--format", "json")
    )
    assert code == 0
    rows = {(date.fromisoformat(row[TIME]), row["product__kind"]): (row["sales"],) for row in json.loads(output)}
    assert rows == _by_hand(facts, question)


def test_the_command_line_names_what_is_not_declared(published: Path) -> None:
    assert _run("slaes") == (1, "✗ there is no metric 'slaes'; near it are sales\n")
    (published / "semantics.json").unlink()
    assert _run("sales") == (1, "✗ version 20260101T000000Z-b1 declares no metrics: publish it again\n")
