"""What every view and request of the shop's edges has in common. Views of one slice live in that slice."""

from datetime import date, datetime
from typing import Any, get_args

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationInfo, field_validator

NUMBERS = (int, float)
INSTANTS = (date, datetime, AwareDatetime)
TYPED = "typed into a form"
"""Validation context of a form's values, which are text whatever they mean."""


class View(BaseModel):
    """A frozen answer, read from rows or given field by field; pages and JSON API show the same views."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Command(BaseModel):
    """A frozen request body; unknown fields are refused, so that a misspelt one is never ignored.

    Nor is a value of another JSON type taken for what it resembles: true is not 1, "5" not 5, and 0 no date.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    @field_validator("*", mode="before")
    @classmethod
    def _of_its_type(cls, given: Any, info: ValidationInfo) -> Any:
        wanted = cls.model_fields[info.field_name or ""].annotation
        if info.context != TYPED and is_taken_for_another(given, get_args(wanted) or (wanted,)):
            raise ValueError("another type")
        return given


def is_taken_for_another(given: object, wanted: tuple[Any, ...]) -> bool:
    """Whether pydantic would read `given` as one of the `wanted` types though JSON's type of it is another."""
    if isinstance(given, bool):
        return bool not in wanted
    if isinstance(given, NUMBERS):
        return bool in wanted or any(kind in wanted for kind in INSTANTS)
    return isinstance(given, str) and any(kind in wanted for kind in (bool, *NUMBERS))
