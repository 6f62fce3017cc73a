"""The warehouse's estimates held against the law that the simulation follows."""

from collections.abc import Iterator
from math import inf

import pytest
from typer.testing import CliRunner

from mingsuan import cli
from mingsuan.settings import Settings
from simulation import compiled_models, estimates
from simulation.compiled_models import CompiledModels, NotCompiledError, compile_models
from simulation.estimates import Channels, Coverage, Interval, Repurchase, Source, coverages

pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("dbt")]


@pytest.fixture(scope="module")
def models() -> CompiledModels:
    return compile_models(Settings())


class Narrow:
    """Intervals of one unit around the seed, of a truth of three."""

    def truths(self) -> dict[tuple[str, str], float]:
        return {("shop", "figure"): 3.0}

    def estimates(self, seed: int) -> Iterator[tuple[str, str, Interval]]:
        yield "shop", "figure", Interval(seed, seed - 0.5, seed + 0.5)


@pytest.mark.parametrize(("estimated", "figures"), [(Repurchase, 14), (Channels, 12)])
def test_intervals_hold_the_truth_as_often_as_they_claim(
    estimated: type[Repurchase] | type[Channels],
    figures: int,
    models: CompiledModels,
    full_counts: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Repurchase, first interval and per occasion, over shops whose customers differ; what channels cost and bring."""
    seeds = 200 if full_counts else 8
    found = coverages(estimated(models), range(seeds))
    with capsys.disabled():
        for one in found if full_counts else ():
            print(f"{one.of:16}{one.figure:16}{one.covered:5} of {seeds}, median width {one.median_width:.4g}")  # noqa: T201
    assert len(found) == figures
    assert [one for one in found if one.covered < (180 if full_counts else 6)] == []
    assert [one for one in found if one.covered > (198 if full_counts else 8)] == []


def test_the_truth_of_the_first_interval_is_that_of_the_law_and_per_occasion_customers_come_back_more_often(
    models: CompiledModels,
) -> None:
    truths = Repurchase(models).truths()
    assert (truths["first interval", "q25"], truths["first interval", "median"]) == (13, 52)
    for days in (30, 60, 90, 365):
        assert truths["per occasion", f"p{days}"] > truths["first interval", f"p{days}"] + 0.1


def test_an_interval_that_is_too_narrow_is_found_out() -> None:
    (found,) = coverages(Narrow(), range(100))
    assert found == Coverage("shop", "figure", 3.0, covered=1, seeds=100, median_estimate=49.5, median_width=1.0)
    assert found.as_claimed is False


def test_an_end_beyond_everything_seen_is_infinite() -> None:
    assert Interval(inf, 300, inf).covers(901)
    assert not Interval(inf, inf, inf).covers(901)
    assert Interval(inf, 300, inf).width == Interval(inf, inf, inf).width == inf


def test_the_command_prints_a_table_and_fails_when_intervals_do_not_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_models, "compile_models", lambda _settings: CompiledModels({}))

    def only_narrow(_models: CompiledModels) -> tuple[Source, ...]:
        return (Narrow(),)

    monkeypatch.setattr(estimates, "sources", only_narrow)
    few, many = (CliRunner().invoke(cli.app, ["check-estimates", "--seeds", seeds]) for seeds in ("3", "100"))
    assert (few.exit_code, many.exit_code) == (0, 1), "of three shops nothing can be said"
    assert "figure" in many.stdout


def test_every_source_of_estimates_is_in_the_table(models: CompiledModels) -> None:
    assert [type(one) for one in estimates.sources(models)] == [Repurchase, Channels]


def test_models_that_do_not_compile_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled_models, "MODELS", ("mart_repurchase_curve", "no_such_model"))
    with pytest.raises(NotCompiledError, match="no_such_model"):
        compile_models(Settings())
