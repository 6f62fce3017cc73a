"""Where suppliers send their callbacks. Outside the JSON API: each is proven, and answered, in its protocol's words."""

from uuid import UUID

from fastapi import APIRouter, Request, Response

from transactional.edge import ShopHere
from transactional.errors import TooLargeError
from transactional.suppliers.purchases import notices as purchase_notices

LIMIT_BYTES = 256 * 1024
router = APIRouter(prefix="/suppliers", include_in_schema=False)


@router.post("/{channel_id}/notices")
async def receive_notice(request: Request, shop: ShopHere, channel_id: UUID) -> Response:
    """Answers in the supplier's words; nothing is changed by a callback that is not authentic."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = await _body(request)
    answer = await purchase_notices.receive(shop, channel_id, headers, dict(request.query_params), body)
    return Response(answer.body, answer.status, media_type=answer.content_type)


async def _body(request: Request) -> bytes:
    """Raises TooLargeError as soon as more has come than any callback has."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT_BYTES:
            raise TooLargeError(limit_mib="0.25")
    return bytes(body)
