"""The OpenAPI document gives a client generator what it needs: valid, everything named once and exactly typed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from transactional.app import create_app

Document = dict[str, Any]
DATE_FIELDS = {"day", "month", "next_month", "since", "until", "ledger_date", "bill_date"}


@pytest.fixture(scope="module")
def document() -> Document:
    nowhere = DatabaseUrls(*["postgresql:///nowhere"] * 3)
    return create_app(Settings(var=Path("/nonexistent")), nowhere).openapi()


def nodes(part: Any, place: str = "") -> Iterator[tuple[str, Document]]:
    """Every object of the document with where it stands."""
    if isinstance(part, dict):
        yield place, part
    inner = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for name, each in inner:
        yield from nodes(each, f"{place}/{name}")


def operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def properties(document: Document) -> Iterator[tuple[str, str, Document]]:
    """Where, name and schema of each property and parameter, what may be null by what it is otherwise."""
    for where, schema in document["components"]["schemas"].items():
        for name, named in schema.get("properties", {}).items():
            yield where, name, otherwise(named)
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            yield where, parameter["name"], parameter["schema"]


def otherwise(schema: Document) -> Document:
    return next((each for each in schema.get("anyOf", []) if each != {"type": "null"}), schema)


def test_it_is_a_valid_openapi_3_1_document_whose_references_lead_somewhere(document: Document) -> None:
    assert document["openapi"].startswith("3.1")
    assert [error.message for error in OPENAPI_31_VALIDATOR.iter_errors(document)] == []
    schemas = document["components"]["schemas"]
    named = {node["$ref"].removeprefix("#/components/schemas/") for _, node in nodes(document) if "$ref" in node}
    assert named == set(schemas)


def test_operations_and_schemas_have_one_plain_name_each(document: Document) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() and len(name) < 40 for name in names)
    schemas = document["components"]["schemas"]
    assert [name for name in schemas if not name.isidentifier() or "__" in name] == []


def test_objects_and_enumerations_are_named_where_they_are_used(document: Document) -> None:
    inline = [
        place
        for place, node in nodes(document)
        if ("enum" in node or isinstance(node.get("properties"), dict)) and place.count("/") != 3
    ]
    assert inline == []


def test_every_parameter_and_property_has_a_type_and_no_parameter_may_be_null(document: Document) -> None:
    typed = {"type", "$ref", "const"}
    untyped = [(where, name) for where, name, schema in properties(document) if not typed & set(schema)]
    assert untyped == []
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            assert "anyOf" not in parameter["schema"], (where, parameter["name"])


def test_dates_instants_names_and_amounts_have_formats(document: Document) -> None:
    told = [(where, name, schema) for where, name, schema in properties(document) if "type" in schema]
    for where, name, schema in told:
        if name.endswith("_fen"):
            assert (schema["type"], schema["format"]) == ("integer", "int64"), (where, name)
        elif name.endswith("_at") or name in ("pay_by", "valid_from", "waiting_since", "not_before"):
            assert schema.get("format") == "date-time", (where, name)
        elif name.endswith("_on") or name in DATE_FIELDS:
            assert schema.get("format") == "date", (where, name)
        elif name == "id" or (name.endswith("_id") and name != "payer_id"):
            assert schema.get("format") == "uuid", (where, name)


def test_a_command_that_needs_a_key_says_so(document: Document) -> None:
    for where, operation in operations(document):
        keys = [each for each in operation.get("parameters", []) if each["name"] == "Idempotency-Key"]
        assert bool(keys) == ("missing-idempotency-key" in operation["responses"].get("400", {}).get("description", ""))
        assert all(each["required"] and each["schema"]["maxLength"] == 200 for each in keys), where
