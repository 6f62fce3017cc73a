"""Mappings: what the columns of somebody's order history mean. TOML files, checked before any row is read.

Described for people in docs/order-histories.md.
"""

import re
import tomllib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from transactional.orders.history_problems import Problem, RefusedFileError

SHIPPED = Path(__file__).with_name("mappings")

Index = Annotated[int, Field(ge=1)]
Column = str | Index | tuple[Index, Index]
"""A column by its name, by its number from 1, or by its first and last character from 1 (fixed width)."""


class UnusableMappingError(RefusedFileError):
    """The mapping itself cannot be used; the problems say where."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Columns(_Part):
    """Which column holds which field; fields left out are constant or unknown."""

    ordered_at: Column
    customer: Column | None = None
    order_no: Column | None = None
    line_no: Column | None = None
    acquisition_channel: Column | None = None
    sku: Column | None = None
    title: Column | None = None
    quantity: Column | None = None
    unit_price: Column | None = None
    line_total: Column | None = None
    paid_total: Column | None = None
    discount: Column | None = None

    @cached_property
    def used(self) -> dict[str, Column]:
        """Fields that have a column."""
        return {name: getattr(self, name) for name in Columns.model_fields if getattr(self, name) is not None}


class Dates(_Part):
    """How instants are written. Without a time they mean the start of that business date."""

    formats: tuple[str, ...] = Field(default=("%Y-%m-%d",), min_length=1)
    timezone: str | None = None

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                ZoneInfo(value)
            except (KeyError, ValueError, OSError):
                raise ValueError(f"{value!r} is not a time zone") from None
        return value

    @field_validator("formats")
    @classmethod
    def _has_a_date(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for form in value:
            if not re.search(r"%[YyDFxcGs]", form):
                raise ValueError(f"{form!r} has no year")
        return value


class Numbers(_Part):
    """How numbers are written."""

    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands must differ")
        return self


class Goods(_Part):
    """Names for what the rows do not name: the category, and the product and SKU of rows without a SKU column."""

    category_slug: str = Field(min_length=1, pattern=r"^[a-z0-9-]+$")
    category_zh: str = Field(min_length=1)
    category_en: str = Field(min_length=1)
    sku: str = Field(min_length=1)
    title_zh: str = Field(min_length=1)
    title_en: str = Field(min_length=1)
    kind: Literal["physical", "card_code", "api_topup", "manual_service", "membership"] = "physical"


class Mapping(_Part):
    """One kind of order history."""

    source: str = Field(pattern=r"^[a-z0-9_]+$")
    format: Literal["csv", "tsv", "fixed", "xlsx"]
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    row_is: Literal["order", "order_line"] = "order"
    encoding: str = "utf-8"
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    sheet: str | None = None
    skip_lines: int = Field(default=0, ge=0)
    header: Literal["required", "optional", "none"] = "required"
    names: tuple[str, ...] = ()
    columns: Columns
    dates: Dates = Dates()
    numbers: Numbers = Numbers()
    goods: Goods
    acquisition_channel: str = Field(default="imported", min_length=1)

    @field_validator("source")
    @classmethod
    def _not_reserved(cls, value: str) -> str:
        if value == "simulation":
            raise ValueError("'simulation' marks simulated orders; choose another name")
        return value

    @field_validator("encoding")
    @classmethod
    def _line_by_line(cls, value: str) -> str:
        try:
            by_bytes = "\r\n".encode(value) == b"\r\n"
        except LookupError:
            raise ValueError(f"{value!r} is not an encoding") from None
        if not by_bytes:
            raise ValueError(f"{value!r} is not read line by line; convert the file to utf-8")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        amounts = [name for name in ("unit_price", "line_total", "paid_total") if name in self.columns.used]
        if len(amounts) != 1:
            raise ValueError("columns must name exactly one of unit_price, line_total, paid_total")
        if self.row_is == "order_line" and self.columns.order_no is None:
            raise ValueError("rows that are order lines need a column order_no")
        if self.row_is == "order" and self.columns.line_no is not None:
            raise ValueError("line_no needs row_is = 'order_line'")
        return self

    @model_validator(mode="after")
    def _columns_can_be_found(self) -> Self:
        for field, column in self.columns.used.items():
            if isinstance(column, tuple) and (self.format != "fixed" or column[0] > column[1]):
                raise ValueError(f"column {field}: [first, last] positions are for format 'fixed', first ≤ last")
            if isinstance(column, str) and self.header != "required" and column not in self.names:
                raise ValueError(f"column {field}: {column!r} is not among names, and a header is not required")
        by_position = [isinstance(column, tuple) for column in self.columns.used.values()]
        if any(by_position) and not all(by_position):
            raise ValueError("give positions for all columns or for none")
        return self

    @property
    def by_position(self) -> bool:
        """True when columns are cut out of a line by character positions."""
        return any(isinstance(column, tuple) for column in self.columns.used.values())


def shipped_names() -> list[str]:
    """Names of the mappings that come with the product."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_mapping(name: str) -> Mapping:
    """A shipped mapping by name, or one from a TOML file. Raises UnusableMappingError."""
    path = SHIPPED / f"{name}.toml" if name in shipped_names() else Path(name)
    if not path.is_file():
        shipped = ", ".join(shipped_names())
        raise UnusableMappingError([Problem(f"there is no mapping {name!r}; shipped: {shipped}, or name a TOML file")])
    try:
        return Mapping.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UnusableMappingError([Problem(f"mapping {path.name} is not TOML: {error}")]) from None
    except ValidationError as error:
        raise UnusableMappingError(list(_problems(path, error))) from None


def _problems(path: Path, error: ValidationError) -> Iterable[Problem]:
    for one in error.errors():
        place = ".".join(str(part) for part in one["loc"])
        reason = one["msg"].removeprefix("Value error, ")
        yield Problem(f"mapping {path.name}{', ' + place if place else ''}: {reason}")
