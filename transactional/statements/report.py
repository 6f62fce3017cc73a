"""What came of a statement's file, in words for the person who sent it."""

from collections.abc import Sequence
from dataclasses import dataclass

from mingsuan import money
from transactional.errors import FieldProblem, ShopError
from transactional.statement_intake import TakenIn


@dataclass(frozen=True, slots=True)
class Report:
    """One sentence about the whole file, and lines about places in it."""

    summary: str
    details: tuple[str, ...] = ()

    def text(self) -> str:
        return "\n".join((self.summary, *self.details)) + "\n"


def of_taken(taken: TakenIn, currency: str, language: str) -> Report:
    if not taken.is_new:
        return Report(_said("This file was stored before; nothing was changed.", language))
    amounts = [money.text(fen, currency) for fen in (taken.total_fen, taken.posted_fen)]
    summary = FieldProblem(
        "",
        "Taken in: {lines} lines, {total} in all, {posted} of it posted now; {restated} lines were stated otherwise"
        " before.",
        (
            ("lines", f"{taken.line_count:,}"),
            ("total", amounts[0]),
            ("posted", amounts[1]),
            ("restated", f"{taken.restated_count:,}"),
        ),
    )
    return Report(summary.sentence(language), _placed(taken.remarks, language))


def of_refusal(refusal: ShopError, language: str) -> Report:
    return Report(refusal.sentence(language), _placed(refusal.problems, language))


def of_failure(language: str) -> Report:
    return Report(
        _said("Something failed on the shop's side; the file stays where it is and is tried again.", language)
    )


def of_waiting(language: str) -> Report:
    return Report(_said("The file changed a moment ago; it is taken in once it has been left alone.", language))


def _placed(problems: Sequence[FieldProblem], language: str) -> tuple[str, ...]:
    return tuple(f"{problem.place}: {problem.sentence(language)}" for problem in problems)


def _said(text: str, language: str) -> str:
    return FieldProblem("", text).sentence(language)
