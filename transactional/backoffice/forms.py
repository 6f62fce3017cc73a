"""What staff typed, checked field by field: each fault gets a sentence in their language, and nothing typed is lost."""

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from pydantic import ValidationError

from mingsuan import money
from mingsuan.i18n import Translator
from transactional.errors import FieldProblem, InvalidInputError, ShopError
from transactional.schemas import TYPED, Command

LARGEST_FEN = 100_000_000

C = TypeVar("C", bound=Command)


class Faults(defaultdict[str, str]):
    """Sentence by field; fields without a fault have an empty one, so that templates may ask for any."""

    def __init__(self, faults: Mapping[str, str] | None = None) -> None:
        super().__init__(str, faults or {})


class RefusedForm(Exception):  # noqa: N818  (a refusal with what was wrong, not a failure)
    """At least one field cannot be accepted. No frozen dataclass: a block that it leaves writes its traceback."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(dict(faults))
        self.faults = faults


def command(kind: type[C], values: Mapping[str, object], _: Translator) -> C:
    """The values as a command. Raises RefusedForm."""
    try:
        return kind.model_validate(values, context=TYPED)
    except ValidationError as error:
        faults = {str(each["loc"][0]): _sentence(each["type"], _) for each in error.errors() if each["loc"]}
        raise RefusedForm(Faults(faults)) from None


def amount_fen(field: str, typed: str, currency: str, _: Translator) -> int:
    """Minor units of an amount such as 12.30, up to LARGEST_FEN. Raises RefusedForm naming the field."""
    try:
        fen = money.parse(typed.replace(",", ""), currency)
    except ValueError:
        raise RefusedForm(Faults({field: _("Not an amount, such as 12.30")})) from None
    if not 0 <= fen <= LARGEST_FEN:
        largest = money.text(LARGEST_FEN, currency)
        raise RefusedForm(Faults({field: _("Must be between 0 and {largest}").format(largest=largest)}))
    return fen


def faults_of(refusal: ShopError, language: str) -> Faults:
    """The fields that a service refused."""
    return Faults({_field(problem): problem.sentence(language) for problem in refusal.problems})


def _field(problem: FieldProblem) -> str:
    return problem.place.rpartition(".")[2]


def sentence_of(refusal: ShopError, language: str) -> str:
    """What was refused, in one sentence; for bad input the reasons themselves."""
    reasons = [problem.sentence(language) for problem in refusal.problems]
    return " ".join(reasons) if reasons and isinstance(refusal, InvalidInputError) else refusal.sentence(language)


def _sentence(kind: str, _: Translator) -> str:
    return {
        "string_pattern_mismatch": _("Has characters that are not allowed here"),
        "string_too_short": _("Must not be empty"),
        "missing": _("Must not be empty"),
        "string_too_long": _("Is too long"),
        "int_parsing": _("Must be a whole number"),
    }.get(kind, _("Cannot be accepted"))
