"""Where the tracking service sends its reports. Outside the JSON API: it is answered in its own words."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from fastapi.responses import JSONResponse
from sqlalchemy import select

from transactional.db import writing
from transactional.edge import ShopHere
from transactional.errors import NotFoundError
from transactional.logistics.kuaidi_words import NotUnderstoodError, is_authentic, report_of, result_of_callback
from transactional.logistics.models import Shipment
from transactional.logistics.tracking import heard, salt_of

LONGEST = 256 * 1024
HEARD = {"result": True, "returnCode": "200", "message": "成功"}
FORGED = {"result": False, "returnCode": "500", "message": "签名错误"}
NOT_UNDERSTOOD = {"result": False, "returnCode": "500", "message": "无法识别"}

router = APIRouter(prefix="/couriers", include_in_schema=False)


@router.post("/{parcel}/reports")
async def report(
    parcel: UUID,
    shop: ShopHere,
    param: Annotated[str, Form(max_length=LONGEST)],
    sign: Annotated[str, Form(max_length=64)] = "",
) -> JSONResponse:
    """Nothing is changed, and nothing told of which parcels there are, without the parcel's own signature."""
    if shop.tracker is None:
        raise NotFoundError
    if not is_authentic(param, sign, salt_of(shop.vault, parcel)):
        return JSONResponse(FORGED, 403)
    try:
        known = report_of(result_of_callback(param))
    except NotUnderstoodError:
        return JSONResponse(NOT_UNDERSTOOD, 400)
    async with writing(shop.engine) as session:
        found = select(Shipment).where(Shipment.public_id == parcel).with_for_update()
        row = (await session.scalars(found)).one_or_none()
        if row is not None and known is not None:
            await heard(session, shop.vault, row, known, "callback")
    return JSONResponse(HEARD)
