"""Rules of the dbt project that a reader relies on, checked on its files alone; `make lint` runs this module.

How the SQL is laid out is sqlfluff's; what the figures are, the tests'.
"""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
LAYERS = {"staging": ("stg_",), "intermediate": ("int_",), "marts": ("fct_", "dim_", "mart_")}
READS = {
    "stg_": (),
    "int_": ("stg_", "int_", "fct_", "dim_"),
    "fct_": ("stg_", "int_", "fct_", "dim_"),
    "dim_": ("stg_", "int_", "fct_", "dim_"),
    "mart_": ("stg_", "int_", "fct_", "dim_", "mart_"),
}
"""Which models a model may read, by prefix: no layer reads one above it."""

ENGINES_OWN = re.compile(r"::|\bqualify\b|\bdistinct\s+on\b|\bfilter\s*\(|\bfloor\b|\bdate_diff\b", re.IGNORECASE)
OWN_SCHEMAS = ("meta", "ingest")
"""What the pipelines write of themselves, such as the as-of date of a build: the sources that every layer may read."""

_READ = re.compile(r"(?<=\bfrom|\bjoin)\s+\{\{.*?\}\}", re.DOTALL)
_VALUE = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_JINJA = re.compile(r"\{#.*?#\}|\{%.*?%\}", re.DOTALL)
_COMMENT = re.compile(r"--[^\n]*")
_RELATION = re.compile(r"\b(?:from|join)\s+([a-z_\"][\w.\"]*)", re.IGNORECASE)
_DATE_PART = re.compile(r"\b(?:extract|substring|trim)\s*\([^()]*\bfrom\b", re.IGNORECASE)
_CTE = re.compile(r"(?:\bwith(?:\s+recursive)?|,)\s+(\w+)\s+as\s+\(", re.IGNORECASE)


@dataclass(frozen=True)
class Model:
    """One model with its SQL and what its YAML says of it; None without any."""

    file: Path
    folder: Path

    @property
    def name(self) -> str:
        return self.file.stem

    @property
    def prefix(self) -> str:
        return f"{self.name.split('_')[0]}_"

    @property
    def layer(self) -> str:
        return self.file.relative_to(self.folder).parts[0]

    @cached_property
    def sql(self) -> str:
        return _COMMENT.sub("", self.file.read_text(encoding="utf-8"))

    @cached_property
    def properties(self) -> dict[str, Any] | None:
        file = self.file.with_suffix(".yml")
        content = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else {}
        return next((entry for entry in content.get("models", []) if entry["name"] == self.name), None)


def findings(project: Path = PROJECT) -> list[str]:
    """One sentence for each breach, naming the model."""
    folder = project / "models"
    found = []
    for file in sorted(folder.rglob("*.sql")):
        model = Model(file, folder)
        found += [f"{model.name}: {breach}" for rule in RULES for breach in rule(model)]
    for file in sorted((project / "tests").rglob("*.sql")):
        found += [f"{file.stem}: {breach}" for breach in _portable(_COMMENT.sub("", file.read_text(encoding="utf-8")))]
    return found


def in_its_layer(model: Model) -> Iterator[str]:
    if model.prefix not in LAYERS.get(model.layer, ()):
        yield f"a model of {model.layer}/ is named {' or '.join(LAYERS.get(model.layer, ('nothing',)))}…"


def described(model: Model) -> Iterator[str]:
    """A YAML beside it that says what one row is and tests the key; in the marts, types and words for columns."""
    if model.properties is None:
        yield f"has no {model.name}.yml beside it that describes it"
        return
    if not str(model.properties.get("description", "")).startswith("One row per "):
        yield "its description does not begin with 'One row per'"
    tests = [*model.properties.get("data_tests", [])]
    tests += [test for column in model.properties["columns"] for test in column.get("data_tests", [])]
    if not any("primary_key" in str(test) for test in tests):
        yield "has no primary_key test"
    if model.layer == "marts":
        yield from _columns_described(model)
        if "contract" in model.properties.get("config", {}) or "contract" in "".join(_JINJA.findall(model.sql)):
            yield "the contract is the folder's and is not set by a model"


def _columns_described(model: Model) -> Iterator[str]:
    """Bounds of an estimate need no words beside the estimate's, nor do facts, whose columns are the shop's own."""
    columns = (model.properties or {})["columns"]
    if untyped := [column["name"] for column in columns if "data_type" not in column]:
        yield f"columns without data_type: {', '.join(untyped)}"
    wordless = [
        column["name"]
        for column in columns
        if not column.get("description") and not column["name"].endswith(("_lo", "_hi"))
    ]
    if wordless and model.prefix != "fct_":
        yield f"columns without description: {', '.join(wordless)}"


def reads_downwards(model: Model) -> Iterator[str]:
    for name in re.findall(r"\bref\('(\w+)'\)", model.sql):
        if f"{name.split('_')[0]}_" not in READS.get(model.prefix, ()):
            yield f"must not read {name}"
    for source, table in re.findall(r"\bsource\('(\w+)', '(\w+)'\)", model.sql):
        if model.layer != "staging" and source not in OWN_SCHEMAS:
            yield f"reads source {source}.{table}, which only staging does"


def names_no_relation(model: Model) -> Iterator[str]:
    """Everything that is read is a ref, a source or a CTE, be it one that a macro writes."""
    plain = _DATE_PART.sub("", _VALUE.sub("_", _READ.sub(" (", _JINJA.sub("", model.sql))))
    macros = (file.read_text(encoding="utf-8") for file in (model.folder.parent / "macros").glob("*.sql"))
    ctes = {name.lower() for text in (plain, *macros) for name in _CTE.findall(text)}
    for name in _RELATION.findall(plain):
        if name.lower() not in ctes:
            yield f"reads {name} by a name of its own and not by ref or source"


def portable(model: Model) -> Iterator[str]:
    yield from _portable(model.sql)


def _portable(sql: str) -> Iterator[str]:
    for found in sorted({found.lower() for found in ENGINES_OWN.findall(sql)}):
        yield f"{found!r} is not the same on every engine"


RULES = (in_its_layer, described, reads_downwards, names_no_relation, portable)


def main() -> None:
    found = findings()
    sys.stderr.writelines(f"{finding}\n" for finding in found)
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
