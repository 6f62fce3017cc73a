"""The form that a product asks its buyer to fill in, and whether answers fit it. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered, with the question as it was asked. Never printed by accident."""

    name: str
    label_zh: str
    label_en: str
    value: str = field(repr=False)


def problems(fields: Sequence[FormField], answers: Mapping[str, str]) -> list[FieldProblem]:
    """What is wrong with the answers: missing, of another shape, or to questions that were not asked."""
    found = [
        FieldProblem(f"form_answers.{name}", "There is no such field.")
        for name in sorted(set(answers) - {asked.name for asked in fields})
    ]
    for asked in fields:
        reason = _fault(asked, answers.get(asked.name, "").strip())
        if reason:
            found.append(FieldProblem(f"form_answers.{asked.name}", reason))
    return found


def answered(fields: Sequence[FormField], answers: Mapping[str, str]) -> tuple[Answer, ...]:
    """The answers to these fields, each with what was asked; questions left open are not among them."""
    given = ((asked, answers.get(asked.name, "").strip()) for asked in fields)
    return tuple(Answer(asked.name, asked.label_zh, asked.label_en, value) for asked, value in given if value)


def _fault(asked: FormField, answer: str) -> str:
    if not answer:
        return "Is required." if asked.required else ""
    if len(answer) > MAX_ANSWER_LENGTH or not answer.isprintable():
        return "This is not a value that can be used here."
    if asked.kind == "select":
        return "" if answer in asked.options else "This is not one of the options."
    if asked.kind in SHAPES:
        shape, reason = SHAPES[asked.kind]
        return "" if shape.fullmatch(answer) else reason
    return ""
