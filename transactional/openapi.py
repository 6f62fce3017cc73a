"""What a client generator needs beside the routes: who may call, the answers that any operation may give, exact types.

What an operation takes and gives is said by its route and its schemas.
"""

from collections.abc import Iterator
from typing import Any

MEDIA_TYPE = "application/problem+json"
PROBLEM = {"$ref": "#/components/schemas/Problem"}
CUSTOMER, STAFF = "customerSession", "staffSession"
SCHEMES = {
    CUSTOMER: {"type": "apiKey", "in": "cookie", "name": "mingsuan_session", "description": "Set by POST /session"},
    STAFF: {"type": "apiKey", "in": "cookie", "name": "mingsuan_staff", "description": "Set by POST /staff/session"},
}
ALWAYS = {
    "500": "Something went wrong (`/problems/internal`)",
    "503": "Not ready (`/problems/not-ready`)",
}
CHANGING = {
    "403": "Request from elsewhere (`/problems/cross-site-request`)",
    "413": "Too large (`/problems/too-large`)",
}
NOTHING = {"type": "null"}
KEY = {"type": "string", "minLength": 1, "maxLength": 200, "pattern": r"\S", "title": "Idempotency-Key"}


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """The description with problem documents as what refusals are, security schemes, and answers common to all."""
    description.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            _complete(operation, path, method)
            for parameter in operation.get("parameters", ()):
                _make_exact(parameter)
    for name, schema in _properties(description["components"].get("schemas", {})):
        if name.endswith("_fen") and schema.get("type") == "integer":
            schema["format"] = "int64"  # generators take a bare integer for 32 bits: ¥21 million
    return description


def _complete(operation: dict[str, Any], path: str, method: str) -> None:
    answers = operation["responses"]
    for status, answer in answers.items():
        if status >= "400" and "application/json" in answer.get("content", {}):
            answer["content"] = {MEDIA_TYPE: answer["content"]["application/json"]}
    if "/problems/not-logged-in" in answers.get("401", {}).get("description", ""):
        operation["security"] = [{STAFF if "/staff/" in path else CUSTOMER: []}]
    for status, title in (ALWAYS | (CHANGING if method != "get" else {})).items():
        known = answers.setdefault(status, {"description": "", "content": {MEDIA_TYPE: {"schema": PROBLEM}}})
        if title not in known["description"]:
            known["description"] = "; ".join(filter(None, (known["description"], title)))


def _make_exact(parameter: dict[str, Any]) -> None:
    """A parameter is left out, never null; the key of a command cannot be left out (its absence has its own answer)."""
    schema = parameter["schema"]
    if NOTHING in schema.get("anyOf", ()):
        [meant] = [each for each in schema.pop("anyOf") if each != NOTHING]
        schema.update(meant)
    if parameter["name"] == KEY["title"]:
        parameter |= {"required": True, "schema": dict(KEY)}


def _properties(schemas: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each property's name with its schema, or with each that it may be."""
    for schema in schemas.values():
        for name, named in schema.get("properties", {}).items():
            for each in (named, *named.get("anyOf", ())):
                yield name, each
