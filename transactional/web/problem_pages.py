"""A page for each kind of refusal, where its `type` leads: what it is called and what it means, in both languages."""

import re

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from mingsuan.i18n import LANGUAGES, translator
from transactional.errors import DOMAIN, NotFoundError, ShopError
from transactional.web.page import OpenPage

router = APIRouter(include_in_schema=False)
VALUE = re.compile(r"{\w+}")


@router.get("/problems/{kind}")
async def explain(kind: str, page: OpenPage) -> HTMLResponse:
    """Raises NotFoundError for a kind that the shop does not have."""
    found = kinds().get(kind)
    if found is None:
        raise NotFoundError
    spoken = (page.language, *(language for language in LANGUAGES if language != page.language))
    _ = page.translate
    shown = page.show(
        "problem.html",
        frame="base.html",
        tab="",
        status=found.status,
        title=" · ".join(translator(language, DOMAIN)(found.title) for language in spoken),
        text=" ".join(VALUE.sub("…", translator(language, DOMAIN)(found.message)) for language in spoken),
        symbol="alert",
        form="",
        way_out="/",
        way_out_text=_("To the shop"),
        back="/",
    )
    shown.status_code = 200  # the page is about that status, it does not have it
    return shown


def kinds(root: type[ShopError] = ShopError) -> dict[str, type[ShopError]]:
    """Every kind of refusal that is loaded, by its type."""
    below = {name: kind for child in root.__subclasses__() for name, kind in kinds(child).items()}
    return below | {root.type: root}
