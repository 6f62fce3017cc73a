"""Where gateways send their notices. Outside the JSON API: each gateway speaks and is answered in its own words."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from transactional.edge import ShopHere
from transactional.errors import NotFoundError, TooLargeError
from transactional.payments import notices

LIMIT_BYTES = 64 * 1024
router = APIRouter(prefix="/gateways", include_in_schema=False)


@router.post("/{method}/notices")
async def receive_notice(request: Request, shop: ShopHere, method: Annotated[str, Path(max_length=20)]) -> Response:
    """Answers in the gateway's words; nothing is changed by a notice that is not authentic."""
    gateway = shop.gateways.get(method)
    if gateway is None:
        raise NotFoundError
    headers = {name.lower(): value for name, value in request.headers.items()}
    answer = await notices.receive(shop, gateway, headers, await _body(request))
    return Response(answer.body, answer.status, media_type=answer.content_type)


async def _body(request: Request) -> bytes:
    """Raises TooLargeError as soon as more has come than any notice has."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LIMIT_BYTES:
            raise TooLargeError(limit_mib="0.0625")
    return bytes(body)
