"""The warehouse's estimates held against the law that the simulation follows."""

from collections.abc import Iterator
from math import inf

import pytest
from typer.testing import CliRunner

from mingsuan import cli
from mingsuan.settings import Settings
from simulation import compiled_models, estimates
from simulation.compiled_models import NotCompiledError, compile_models
from simulation.estimates import Coverage, Interval, Repurchase, coverages

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("dbt")]


@pytest.fixture(scope="module")
def repurchase() -> Repurchase:
    return Repurchase(compile_models(Settings()))


def test_intervals_of_repurchase_hold_the_truth_as_often_as_they_claim(
    repurchase: Repurchase, full_counts: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    """First interval and per occasion: quartiles and probabilities, over shops whose customers differ."""
    seeds = 200 if full_counts else 8
    found = coverages(repurchase.truths(), repurchase.estimates, range(seeds))
    with capsys.disabled():
        for one in found if full_counts else ():
            print(f"{one.of:16}{one.figure:8}{one.covered:5} of {seeds}, median width {one.median_width:.4g}")  # noqa: T201
    assert len(found) == 14
    assert [one for one in found if one.covered < (180 if full_counts else 6)] == []
    assert [one for one in found if one.covered > (198 if full_counts else 8)] == []


def test_the_truth_of_the_first_interval_is_that_of_the_law_and_per_occasion_customers_come_back_more_often(
    repurchase: Repurchase,
) -> None:
    truths = repurchase.truths()
    assert (truths["first interval", "q25"], truths["first interval", "median"]) == (13, 52)
    for days in (30, 60, 90, 365):
        assert truths["per occasion", f"p{days}"] > truths["first interval", f"p{days}"] + 0.1


def test_an_interval_that_is_too_narrow_is_found_out() -> None:
    def narrow(seed: int) -> Iterator[tuple[str, str, Interval]]:
        yield "shop", "figure", Interval(seed, seed - 0.5, seed + 0.5)

    (found,) = coverages({("shop", "figure"): 3.0}, narrow, range(100))
    assert found == Coverage("shop", "figure", 3.0, covered=1, seeds=100, median_estimate=49.5, median_width=1.0)
    assert found.as_claimed is False


def test_an_end_beyond_everything_seen_is_infinite() -> None:
    assert Interval(inf, 300, inf).covers(901)
    assert not Interval(inf, inf, inf).covers(901)
    assert Interval(inf, 300, inf).width == Interval(inf, inf, inf).width == inf


def test_the_command_prints_a_table_and_fails_when_intervals_do_not_hold(
    repurchase: Repurchase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled_models, "compile_models", lambda _settings: repurchase)
    monkeypatch.setattr(estimates, "Repurchase", lambda found: found)
    monkeypatch.setattr(type(repurchase), "truths", lambda _self: {("first interval", "median"): 1.0})

    def estimate(_self: Repurchase, _seed: int) -> Iterator[tuple[str, str, Interval]]:
        yield "first interval", "median", Interval(52, 40, inf)

    monkeypatch.setattr(type(repurchase), "estimates", estimate)
    few, many = (CliRunner().invoke(cli.app, ["check-estimates", "--seeds", seeds]) for seeds in ("3", "100"))
    assert (few.exit_code, many.exit_code) == (0, 1), "of three shops nothing can be said"
    assert "median" in many.stdout


def test_models_that_do_not_compile_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_models, "MODELS", ("mart_repurchase_curve", "no_such_model"))
    with pytest.raises(NotCompiledError, match="no_such_model"):
        compile_models(Settings())
