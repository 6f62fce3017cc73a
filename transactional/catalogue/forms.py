"""The form that a product asks its buyer to fill in, and whether answers fit it. Pure."""

import re
from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import Field, model_validator
from typing_extensions import TypeAliasType

from transactional.errors import FieldProblem
from transactional.schemas import Command

MAX_ANSWER_LENGTH = 500
FieldKind = TypeAliasType("FieldKind", Literal["text", "number", "phone", "email", "select"])
SHAPES: dict[str, tuple[re.Pattern[str], str]] = {
    "number": (re.compile(r"-?[0-9]{1,30}(\.[0-9]{1,30})?"), "This is not a number."),
    "phone": (re.compile(r"\+?[0-9][0-9 -]{4,22}[0-9]"), "This is not a telephone number."),
    "email": (re.compile(r"[^@\s]{1,64}@[^@\s.]+(\.[^@\s.]+)+"), "This is not an e-mail address."),
}


class FormField(Command):
    """One question; a `select` is answered with one of its options."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40, examples=["account"])
    label_zh: str = Field(min_length=1, max_length=100)
    label_en: str = Field(min_length=1, max_length=100)
    kind: FieldKind = "text"
    required: bool = True
    options: tuple[str, ...] = Field(default=(), max_length=50)

    @model_validator(mode="after")
    def _options_of_a_select(self) -> Self:
        if (self.kind == "select") != bool(self.options):
            raise ValueError("a select has options, and nothing else has")
        return self


def problems(fields: Sequence[FormField], answers: Mapping[str, str]) -> list[FieldProblem]:
    """What is wrong with the answers: missing, of another shape, or to questions that were not asked."""
    found = [
        FieldProblem(f"form_answers.{name}", "There is no such field.")
        for name in sorted(set(answers) - {field.name for field in fields})
    ]
    for field in fields:
        reason = _fault(field, answers.get(field.name, "").strip())
        if reason:
            found.append(FieldProblem(f"form_answers.{field.name}", reason))
    return found


def kept(fields: Sequence[FormField], answers: Mapping[str, str]) -> dict[str, str] | None:
    """The answers to these fields, None when there are none."""
    given = {field.name: answers.get(field.name, "").strip() for field in fields}
    return {name: answer for name, answer in given.items() if answer} or None


def _fault(field: FormField, answer: str) -> str:
    if not answer:
        return "Is required." if field.required else ""
    if len(answer) > MAX_ANSWER_LENGTH or not answer.isprintable():
        return "This is not a value that can be used here."
    if field.kind == "select":
        return "" if answer in field.options else "This is not one of the options."
    if field.kind in SHAPES:
        shape, reason = SHAPES[field.kind]
        return "" if shape.fullmatch(answer) else reason
    return ""
