"""What a client generator needs beside the routes: who may call, and the answers that any operation may give."""

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


def completed(description: dict[str, Any]) -> dict[str, Any]:
    """The description with problem documents as what refusals are, security schemes, and answers common to all."""
    description.setdefault("components", {})["securitySchemes"] = SCHEMES
    for path, methods in description["paths"].items():
        for method, operation in methods.items():
            _complete(operation, path, method)
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
