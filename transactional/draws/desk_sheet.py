"""A draw's page at the desk: what it promises or promised, how far it is, who won, and what can be done."""

from uuid import UUID, uuid4

from fastapi.responses import HTMLResponse

from mingsuan import clock
from transactional.backoffice.forms import Faults, faults_of, sentence_of
from transactional.db import ReadSession, reading
from transactional.draws import desk_views, rules, service, stakes
from transactional.draws.chains import CHAINS
from transactional.draws.desk_wording import (
    TONES,
    chain_texts,
    done_texts,
    kind_texts,
    prize_kind_texts,
    source_texts,
    state_texts,
    winner_state_texts,
)
from transactional.draws.models import Draw
from transactional.draws.play.profiles import PROFILES
from transactional.draws.play.wording import mode_meanings, mode_texts, profile_texts
from transactional.errors import ShopError
from transactional.web.page import Page


async def draw_page(
    page: Page,
    draw: UUID,
    *,
    done: str = "",
    refusal: ShopError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    """Raises NotFoundError."""
    _, at = page.translate, clock.now()
    async with reading(page.shop.engine) as session:
        row = await desk_views.one(session, draw)
        obstacle = await _obstacle(session, row, page)
        winners = await desk_views.winners(session, row.id)
        ranges = await desk_views.newest_ranges(session, row.id)
        standing_fen = await stakes.standing(session, row.id)
    faults = faults_of(refusal, page.language) if refusal else Faults()
    latest = service.last_void_at(row) if row.state in ("open", "closed", "committed") else None
    return page.show(
        "draws/desk_draw.html",
        status=refusal.status if refusal else 200,
        tab="draws",
        draw=row,
        state=service.state_shown(row, at),
        can_void=row.state in ("open", "closed", "committed") and (latest is None or at <= latest),
        void_until=latest,
        obstacle=obstacle,
        is_witnessed=page.shop.keeper.is_witnessed,
        winners=winners,
        ranges=ranges,
        shown=rules.shown,
        standing_fen=standing_fen,
        tax_percent=PROFILES[row.profile].prize_tax_percent,
        chain=CHAINS[row.chain_hash],
        chains=chain_texts(_),
        states=state_texts(_),
        tones=TONES,
        kinds=kind_texts(_),
        sources=source_texts(_),
        prize_kinds=prize_kind_texts(_),
        winner_states=winner_state_texts(_),
        modes=mode_texts(_),
        meanings=mode_meanings(_),
        profiles=profile_texts(_),
        done=done_texts(_).get(done, ""),
        fault=sentence_of(refusal, page.language) if refusal and not faults else "",
        faults=faults,
        typed=Faults(typed or {}),
        key=lambda: uuid4().hex,
        back=f"/desk/draws/{draw}",
    )


async def _obstacle(session: ReadSession, row: Draw, page: Page) -> str:
    """Why a draft could not be opened now; empty when it could."""
    if row.state != "draft":
        return ""
    try:
        await service.may_open(session, row, clock.now(), is_trial=page.shop.settings.draw_trial)
    except ShopError as refusal:
        return refusal.sentence(page.language)
    return ""
