"""Refusals as RFC 9457 problem documents, in the caller's language, without internals."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DataError, DBAPIError
from starlette.exceptions import HTTPException

from transactional.edge import language
from transactional.errors import (
    FieldProblem,
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    NotReadyError,
    ShopError,
    TooLargeError,
)
from transactional.openapi import MEDIA_TYPE

REASONS: dict[str, str] = {
    "missing": "Is required.",
    "extra_forbidden": "There is no such field.",
    "string_too_short": "Use at least {min_length} characters.",
    "string_too_long": "Use at most {max_length} characters.",
    "greater_than": "Must be more than {gt}.",
    "greater_than_equal": "Must be at least {ge}.",
    "less_than_equal": "Must be at most {le}.",
    "literal_error": "Must be one of {expected}.",
    "json_invalid": "This is not well-formed JSON.",
    "model_attributes_type": "Send a JSON object, with the Content-Type application/json.",
    "timezone_aware": "The instant needs a zone, such as +08:00.",
}
GAVE_WAY = ("40P01", "40001", "55P03")
"""PostgreSQL's words for a transaction that was given up for another's sake: nothing of it happened, and it may come
again."""
OTHERWISE = "This is not a value that can be used here."


class ProblemField(BaseModel):
    """One thing wrong at one place of the request."""

    place: str = Field(examples=["body.quantity"])
    reason: str = Field(examples=["Must be at least 1."])


class Problem(BaseModel):
    """RFC 9457."""

    type: str = Field(description="Stable name of the kind of problem", examples=["/problems/out-of-stock"])
    title: str
    status: int
    detail: str = Field(description="A sentence for people, in the language of Accept-Language")
    instance: str | None = Field(default=None, description="Names this request in the shop's log")
    errors: list[ProblemField] | None = None


def responses(*kinds: type[ShopError]) -> dict[int | str, dict[str, Any]]:
    """What an operation may answer besides success, for its OpenAPI description."""
    every: tuple[type[ShopError], ...] = (*kinds, InvalidInputError)
    by_status: dict[int | str, list[type[ShopError]]] = {}
    for kind in every:
        by_status.setdefault(kind.status, []).append(kind)
    return {
        status: {
            "model": Problem,
            "description": "; ".join(f"{kind.title} (`/problems/{kind.type}`)" for kind in of_status),
        }
        for status, of_status in by_status.items()
    }


def refusal_of(error: Exception) -> ShopError:
    """Any exception as one of the shop's refusals; what nobody foresaw becomes a plain internal error."""
    if isinstance(error, ShopError):
        return error
    if isinstance(error, DBAPIError):
        return _of_database(error)
    if isinstance(error, RequestValidationError):
        return InvalidInputError([_field(item) for item in error.errors()])
    if isinstance(error, HTTPException):
        kinds: dict[int, ShopError] = {404: NotFoundError(), 405: MethodNotAllowedError()}
        if error.status_code == 413:
            return TooLargeError(limit_mib=error.detail)
        return kinds.get(error.status_code) or (InvalidInputError() if error.status_code < 500 else ShopError())
    return ShopError()


def _of_database(error: DBAPIError) -> ShopError:
    if isinstance(error, DataError):  # such as a NUL character, or a number beyond the column's range
        return InvalidInputError()
    gave_way = getattr(error.orig, "sqlstate", None) in GAVE_WAY
    return NotReadyError() if gave_way or error.connection_invalidated else ShopError()


async def answer(request: Request, error: Exception) -> Response:
    """The answer to a refused request: a problem document under /api, the page's own way elsewhere."""
    refusal = refusal_of(error)
    pages = getattr(request.app.state, "error_page", None)
    if pages is not None and not _is_api(request):
        page: Response = await pages(request, refusal)
        return page
    return problem_document(request, refusal)


def problem_document(request: Request, refusal: ShopError) -> JSONResponse:
    """The refusal as application/problem+json."""
    spoken = language(request)
    errors = [ProblemField(place=item.place, reason=item.sentence(spoken)) for item in refusal.problems]
    name = request.scope.get("request_id")
    document = Problem(
        type=f"/problems/{refusal.type}",
        title=refusal.heading(spoken),
        status=refusal.status,
        detail=refusal.sentence(spoken),
        instance=f"urn:uuid:{name}" if name else None,
        errors=errors or None,
    )
    headers = {"Content-Language": spoken.replace("_", "-"), "Vary": "Accept-Language, Cookie"}
    if (wait := refusal.values.get("retry_after_seconds")) is not None:
        headers["Retry-After"] = str(wait)
    return JSONResponse(document.model_dump(exclude_none=True), refusal.status, headers, MEDIA_TYPE)


def _is_api(request: Request) -> bool:
    return request.url.path.startswith("/api/") or request.url.path in ("/healthz", "/readyz")


def _field(item: Mapping[str, Any]) -> FieldProblem:
    """Place and reason of one of pydantic's findings; never the value, which may be a password."""
    place = ".".join(str(part) for part in item["loc"])
    reason = REASONS.get(item["type"])
    if reason is None:
        return FieldProblem(place, OTHERWISE)
    return FieldProblem(place, reason, tuple((item.get("ctx") or {}).items()))
