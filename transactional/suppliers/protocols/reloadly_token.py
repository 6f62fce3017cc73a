"""Access tokens of the Reloadly-like supplier: OAuth2 client credentials for one audience, kept until shortly before
they end. What is asked with them does not belong here.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import httpx
from pydantic import BaseModel, Field, ValidationError

from mingsuan import clock
from transactional.outcomes import UnknownOutcomeError
from transactional.suppliers.protocols.calling import Caller, NotSentError

RENEWED_BEFORE = timedelta(seconds=60)
KEPT_AT_MOST = 256
JSON = {"Content-Type": "application/json", "Accept": "application/json"}


class TokenSaid(BaseModel):
    access_token: Annotated[str, Field(min_length=1, max_length=8192, pattern=r"^[\x21-\x7e]+$", repr=False)]
    expires_in: Annotated[int, Field(gt=0, le=366 * 86400)]


@dataclass(frozen=True, slots=True)
class Kept:
    token: str
    until: datetime


_kept: dict[bytes, Kept] = {}
"""By a hash of the whole request for it. A channel's adapter is made for each call, so it outlives them; it lies in the
process's memory only, as the credentials do while they are used."""


class Tokens:
    """One client's. Two calls at a time may both fetch one; either serves."""

    def __init__(self, caller: Caller, url: str, client_id: str, client_secret: str, audience: str) -> None:
        self._caller, self._url = caller, url
        asked = {"client_id": client_id, "client_secret": client_secret, "audience": audience}
        self._ask = json.dumps({**asked, "grant_type": "client_credentials"}).encode()
        self._name = hashlib.sha256(f"{url}\n".encode() + self._ask).digest()

    async def token(self) -> str:
        """Raises NotSentError when none can be had: what it was wanted for has not been sent."""
        now = clock.now()
        kept = _kept.get(self._name)
        if kept is None or now >= kept.until:
            said = await self._fetched()
            kept = Kept(said.access_token, now + timedelta(seconds=said.expires_in) - RENEWED_BEFORE)
            if len(_kept) >= KEPT_AT_MOST:
                _kept.clear()
            _kept[self._name] = kept
        return kept.token

    def forget(self, token: str) -> None:
        """The supplier would not take it."""
        kept = _kept.get(self._name)
        if kept is not None and kept.token == token:
            del _kept[self._name]

    async def _fetched(self) -> TokenSaid:
        try:
            reply = await self._caller.call("POST", self._url, headers=JSON, body=self._ask)
            if reply.status != httpx.codes.OK:
                raise UnknownOutcomeError(f"{reply.status}", reply.status)
            return TokenSaid.model_validate(reply.told())
        except ValidationError:
            raise NotSentError("no token: an answer that cannot be read") from None
        except UnknownOutcomeError as error:
            raise NotSentError(f"no token: {error.reason}", error.http_status) from error
