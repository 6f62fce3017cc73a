"""Calls to the Reloadly-like supplier's API: tokens, versions, pages, and what an error says of itself.

What the calls mean belongs to reloadly.py.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols.calling import Caller, Reply
from transactional.suppliers.protocols.reloadly_token import Tokens
from transactional.suppliers.protocols.reloadly_words import ErrorSaid

ACCEPT = "application/com.reloadly.giftcards-v1+json"
PAGE = 200
PAGES_AT_MOST = 100
Form = TypeVar("Form", bound=BaseModel)


class ReloadlyClient:
    """`url` is the API's address; `tokens` ask with the same caller."""

    def __init__(self, caller: Caller, url: str, tokens: Tokens) -> None:
        self._caller, self._url, self._tokens = caller, url, tokens

    async def call(
        self,
        method: str,
        place: str,
        *,
        query: Mapping[str, str] | None = None,
        body: bytes = b"",
        accept: str = ACCEPT,
    ) -> Reply:
        """Once more with a fresh token when the supplier would not take the one that was kept: it looks at the token
        before anything else, so the first call has done nothing. Raises NotSentError, UnknownOutcomeError."""
        reply, token = await self._called(method, place, query, body, accept)
        if reply.status != httpx.codes.UNAUTHORIZED:
            return reply
        self._tokens.forget(token)
        reply, _ = await self._called(method, place, query, body, accept)
        return reply

    async def get(self, place: str, query: Mapping[str, str] | None = None, accept: str = ACCEPT) -> object:
        """The JSON of a good answer. Raises UnknownOutcomeError."""
        return done(await self.call("GET", place, query=query, accept=accept))

    async def rows(self, place: str, query: Mapping[str, str] | None = None) -> AsyncIterator[Any]:
        """Of all pages. Some versions answer with a bare list, which is all there is. Raises UnknownOutcomeError."""
        for page in range(1, PAGES_AT_MOST + 1):
            told = await self.get(place, {**(query or {}), "page": str(page), "size": str(PAGE)})
            found = told.get("content") if isinstance(told, dict) else told
            if not isinstance(found, list):
                raise UnknownOutcomeError("an answer without rows")
            for row in found:
                yield row
            if not found or not isinstance(told, dict) or told.get("last", True):
                return
        raise UnknownOutcomeError(f"more than {PAGES_AT_MOST} pages")

    async def _called(
        self, method: str, place: str, query: Mapping[str, str] | None, body: bytes, accept: str
    ) -> tuple[Reply, str]:
        token = await self._tokens.token()
        headers = {"Authorization": f"Bearer {token}", "Accept": accept, "Content-Type": "application/json"}
        return await self._caller.call(method, f"{self._url}{place}", query=query, headers=headers, body=body), token


def done(reply: Reply) -> object:
    """The JSON of an answer; UnknownOutcomeError when it is not a good one."""
    if reply.status != httpx.codes.OK:
        said = error_of(reply)
        raise UnknownOutcomeError(f"{reply.status} {said.code} {said.message}", reply.status)
    return reply.told()


def error_of(reply: Reply) -> ErrorSaid:
    """What an error says of itself; nothing when it cannot be read."""
    try:
        return ErrorSaid.model_validate(reply.told())
    except (ValidationError, UnknownOutcomeError):
        return ErrorSaid()


def read(kind: type[Form], told: object) -> Form:
    """Without the values that pydantic quotes: a code may be among them. Raises UnknownOutcomeError."""
    try:
        return kind.model_validate(told)
    except ValidationError as error:
        places = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors()[:3])
        raise UnknownOutcomeError(f"an answer that cannot be read: {places}") from None
