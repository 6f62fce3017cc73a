"""Checking a draw: the verifier in the visitor's browser, and the bundle for those who would rather use their own."""

import json
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse

from transactional.draws import api_views, service
from transactional.draws.log import service as log
from transactional.draws.page_wording import step_texts, verdict_texts
from transactional.draws.verify_policy import IMPORT_MAP, VERIFY_CONTENT_POLICY
from transactional.web.page import OpenPage, PageReading

router = APIRouter(include_in_schema=False)


@router.get("/draws/{draw_id}/verify")
async def verify(page: OpenPage, session: PageReading, draw_id: UUID) -> HTMLResponse:
    draw = await api_views.opened(session, draw_id)
    answer = page.show(
        "draws/verify.html",
        section="draws",
        draw=draw,
        steps=step_texts(page.translate),
        verdicts=verdict_texts(page.translate),
        policy=json.dumps(log.policy(page.shop.keeper), indent=1),
        import_map=IMPORT_MAP,
    )
    answer.headers["content-security-policy"] = VERIFY_CONTENT_POLICY
    return answer


@router.get("/draws/{draw_id}/bundle.zip")
async def bundle(page: OpenPage, session: PageReading, draw_id: UUID) -> FileResponse:
    """Everything that decides the draw, in one file."""
    draw = await api_views.opened(session, draw_id)
    path = await service.bundles.write(session, page.shop.keeper, page.shop.settings.public_dir, draw.id)
    return FileResponse(path, media_type="application/zip", filename=f"draw-{draw.number}.zip")
