"""What providers call (docs/activation.md): spending a ticket, and telling that an activation changed.

Outside the JSON API: every message is proven by its signature, every answer is signed, nobody is logged in.
"""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Path, Request, Response

from mingsuan import clock
from transactional.benefits import claiming, hearing, providers, signing
from transactional.benefits.errors import RefusedSignatureError, TicketRefusedError
from transactional.benefits.providers import Partner
from transactional.db import reading, writing
from transactional.edge import ShopHere
from transactional.errors import InvalidInputError, NotFoundError, TooLargeError
from transactional.shop import Shop

LIMIT_BYTES = 64 * 1024
MAX_TICKET = 200
router = APIRouter(prefix="/providers", include_in_schema=False)
ProviderKey = Annotated[str, Path(max_length=20)]


@router.post("/{provider_key}/claims")
async def spend_ticket(request: Request, shop: ShopHere, provider_key: ProviderKey) -> Response:
    """The benefits of a way, with their codes, to the provider that proves itself and brings the ticket."""
    partner, headers, body = await _message(request, shop, provider_key)
    try:
        message = signing.opened(partner.secret, headers, body, clock.now())
    except signing.RefusedMessageError:
        raise RefusedSignatureError from None
    launch, ticket = _named(message.body)
    async with writing(shop.engine) as session:
        answer = await claiming.claim(session, shop.vault, partner, launch, ticket, shop.zone)
    return _signed(partner, message.id, answer)


@router.post("/{provider_key}/events")
async def hear_event(request: Request, shop: ShopHere, provider_key: ProviderKey) -> Response:
    """Something changed at the provider. A message that came before is answered like the first."""
    partner, headers, body = await _message(request, shop, provider_key)
    verdict = await hearing.hear(shop, partner, headers, body)
    if verdict in ("bad_signature", "stale"):
        raise RefusedSignatureError
    if verdict == "malformed":
        raise InvalidInputError
    if verdict == "unknown_activation":
        raise NotFoundError
    return _signed(partner, headers[signing.ID], {"type": "event.received"})


async def _message(request: Request, shop: Shop, provider_key: str) -> tuple[Partner, Mapping[str, str], bytes]:
    """Raises NotFoundError, TooLargeError as soon as more has come than any message has."""
    async with reading(shop.engine) as session:
        partner = await providers.by_key(session, shop.vault, provider_key)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT_BYTES:
            raise TooLargeError(limit_mib="0.0625")
    return partner, {name.lower(): value for name, value in request.headers.items()}, bytes(body)


def _named(body: Mapping[str, Any]) -> tuple[UUID, str]:
    launch, ticket = body.get("launch"), body.get("ticket")
    if body.get("type") != "claim" or not isinstance(launch, str) or not isinstance(ticket, str):
        raise InvalidInputError
    if len(ticket) > MAX_TICKET:
        raise TicketRefusedError
    try:
        return UUID(launch), ticket
    except ValueError:
        raise TicketRefusedError from None


def _signed(partner: Partner, message_id: str, values: Mapping[str, Any]) -> Response:
    body = signing.packed(values)
    headers = signing.signed_headers(partner.secret, message_id, clock.now(), body)
    return Response(body, 200, headers, media_type="application/json")
