"""Asking a provider how an activation stands: the only way by which the shop comes to believe a state there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import httpx

from mingsuan import clock
from transactional.benefits import signing
from transactional.benefits.activation_rules import CONFIRMED, Standing
from transactional.benefits.providers import Partner
from transactional.outcomes import UnknownOutcomeError

PATIENCE_S = 5.0
LIMIT_BYTES = 64 * 1024
MAX_TEXT = 200


@dataclass(frozen=True, slots=True)
class Told:
    """A provider's proven answer. `standing` is None while it has decided nothing, `is_known` False for an activation
    that it never heard of; `account` is the customer's account there, when the customer let it be told."""

    is_known: bool
    standing: Standing | None = None
    happened_at: datetime | None = None
    account: tuple[str, str] | None = None


async def ask(client: httpx.AsyncClient, partner: Partner, activation: UUID) -> Told:
    """Raises UnknownOutcomeError for whatever is not a proven, well-formed answer about this very activation."""
    question = signing.packed({"type": "query", "activation": str(activation)})
    question_id = f"q-{uuid4()}"
    headers = signing.signed_headers(partner.secret, question_id, clock.now(), question)
    address = f"{partner.api_url}/activations/query"
    try:
        answer = await client.post(
            address, content=question, headers={**headers, "content-type": "application/json"}, timeout=PATIENCE_S
        )
    except httpx.HTTPError as error:
        raise UnknownOutcomeError(type(error).__name__) from None
    if answer.status_code != 200 or len(answer.content) > LIMIT_BYTES:
        raise UnknownOutcomeError("no answer that says anything", answer.status_code)
    try:
        given = signing.opened(
            partner.secret, dict(answer.headers), answer.content, clock.now(), expected_id=question_id
        )
        return told(given.body, activation)
    except signing.RefusedMessageError as refusal:
        raise UnknownOutcomeError(f"the answer was not proven: {refusal.verdict}", answer.status_code) from None
    except ValueError as error:
        raise UnknownOutcomeError(str(error), answer.status_code) from None


def told(body: Mapping[str, Any], activation: UUID) -> Told:
    """What an answer says. Raises ValueError when it is about another activation or not in the protocol's words."""
    if body.get("type") != "activation" or body.get("activation") != str(activation):
        raise ValueError("the answer is about something else")
    state, version = body.get("state"), body.get("version")
    if state == "not_found":
        return Told(is_known=False)
    if state == "pending":
        return Told(is_known=True)
    if state not in CONFIRMED or not isinstance(version, int) or isinstance(version, bool) or not 0 < version < 2**63:
        raise ValueError("the answer is not in the protocol's words")
    standing = Standing(state, version, _text(body.get("provider_ref")), _instant(body.get("valid_until")))
    return Told(True, standing, _instant(body.get("happened_at")), _account(body.get("account")))


def _account(given: object) -> tuple[str, str] | None:
    if not isinstance(given, dict):
        return None
    ref, label = _text(given.get("ref")), _text(given.get("label"))
    return (ref, label or "") if ref else None


def _text(given: object) -> str | None:
    if given is None:
        return None
    if not isinstance(given, str) or len(given) > MAX_TEXT or not given.isprintable():
        raise ValueError("a text is not one that can be kept")
    return given or None


def _instant(given: object) -> datetime | None:
    if given is None:
        return None
    if not isinstance(given, str):
        raise ValueError("an instant is not one")
    instant = datetime.fromisoformat(given)
    if instant.tzinfo is None:
        raise ValueError("an instant has no zone")
    return instant
