"""What every view and request of the shop's edges has in common. Views of one slice live in that slice."""

from pydantic import BaseModel, ConfigDict


class View(BaseModel):
    """A frozen answer, read from rows or given field by field; pages and JSON API show the same views."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


class Command(BaseModel):
    """A frozen request body; unknown fields are refused, so that a misspelt one is never ignored."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
