"""The public log as anybody reads it: its checkpoint, its tiles, and the keys to check them with."""

import re
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Request
from fastapi import Path as InPath
from fastapi.responses import FileResponse, JSONResponse
from starlette.responses import Response

from transactional.draws.log.checkpoints import checkpoint as read_checkpoint
from transactional.draws.log.notes import note
from transactional.draws.log.published import CHECKPOINT
from transactional.draws.log.service import policy
from transactional.draws.log.tiles import ENTRIES, WIDTH
from transactional.edge import ShopHere, shop_of
from transactional.errors import NotFoundError

router = APIRouter(include_in_schema=False)
EVERYBODY = {"Access-Control-Allow-Origin": "*"}
FOR_A_MOMENT = {"Cache-Control": "no-cache", **EVERYBODY}
FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable", **EVERYBODY}
TILE = re.compile(
    r"(entries|[0-9]|[1-5][0-9]|6[0-3])/(x[0-9]{3}/){0,6}[0-9]{3}(\.p/([1-9]|[1-9][0-9]|1[0-9]{2}|2[0-4][0-9]|25[0-5]))?"
)
TilePath = Annotated[str, InPath(max_length=60)]


@router.get("/log/checkpoint")
async def checkpoint(request: Request) -> Response:
    """The newest signed checkpoint with its witnesses' words."""
    return _file(_folder(request) / CHECKPOINT, "text/plain; charset=utf-8", FOR_A_MOMENT)


@router.get("/log/policy.json")
async def keys(shop: ShopHere) -> JSONResponse:
    """The keys of log, witnesses and beacons. A verifier keeps its own copy: these come from the place it verifies."""
    return JSONResponse(policy(shop.keeper), headers=FOR_A_MOMENT)


@router.get("/log/tile/{tile:path}")
async def tile(request: Request, tile: TilePath) -> Response:
    """A tile of hashes or a bundle of entries; whole or of one size, it never changes."""
    if not TILE.fullmatch(tile):
        raise NotFoundError
    return _file(published_tile(_folder(request), tile), "application/octet-stream", FOR_EVER)


def published_tile(folder: Path, tile: str) -> Path:
    """A tile of the served checkpoint. Raises NotFoundError for one beyond it, which a crash may still change."""
    try:
        size = read_checkpoint(note((folder / CHECKPOINT).read_text()).text).size
    except FileNotFoundError:
        raise NotFoundError from None
    level, _, name = tile.partition("/")
    number, _, width = name.partition(".p/")
    end = int(number.replace("x", "").replace("/", "")) * WIDTH + int(width or WIDTH)
    if end > size >> 8 * (0 if level == ENTRIES else int(level)):
        raise NotFoundError
    return folder / "tile" / tile


def _folder(request: Request) -> Path:
    return shop_of(request).keeper.folder


def _file(path: Path, media_type: str, headers: dict[str, str]) -> Response:
    """Raises NotFoundError: also before the log began."""
    if not path.is_file():
        raise NotFoundError
    return FileResponse(path, media_type=media_type, headers=headers)
