"""Pictures of products: made anew from what staff upload, kept in two sizes, shown to anybody.

Nothing of the uploaded file survives but its pixels: no metadata, no place, no second content behind the first.
"""

import asyncio
import hashlib
import warnings
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps, UnidentifiedImageError
from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.catalogue import queries
from transactional.catalogue.models import ProductPicture
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError

KINDS = ("JPEG", "PNG", "WEBP")
LARGEST_MIB = 8
LARGEST_PIXELS = 40_000_000
WIDE, SMALL = 1200, 320
"""Longest sides, in pixels, of a product's page and of a list."""
QUALITY = 82


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture made anew: WebP in two sizes; `width` and `height` are the large one's."""

    content: bytes
    small: bytes
    width: int
    height: int

    @property
    def sha256(self) -> bytes:
        return hashlib.sha256(self.content).digest()


async def set_picture(session: WriteSession, slug: str, uploaded: bytes) -> str:
    """The product's picture from now on, and its address's hash. Raises NotFoundError, InvalidInputError."""
    product_id = await queries.product_id(session, slug)
    if product_id is None:
        raise NotFoundError
    made = await asyncio.to_thread(made_anew, uploaded)
    await _remove(session, product_id)
    row = insert(ProductPicture).values(
        product_id=product_id,
        sha256=made.sha256,
        content=made.content,
        small=made.small,
        width=made.width,
        height=made.height,
    )
    shown_again = {"removed_at": None}
    await session.execute(row.on_conflict_do_update(index_elements=["product_id", "sha256"], set_=shown_again))
    return made.sha256.hex()


async def remove_picture(session: WriteSession, slug: str) -> None:
    """The product has no picture any more. Raises NotFoundError."""
    product_id = await queries.product_id(session, slug)
    if product_id is None:
        raise NotFoundError
    await _remove(session, product_id)


async def picture(session: ReadSession, sha256: str, size: str) -> bytes:
    """A picture by its hash, "wide" or "small", also one that its product no longer has. Raises NotFoundError."""
    column = ProductPicture.small if size == "small" else ProductPicture.content
    try:
        wanted = bytes.fromhex(sha256)
    except ValueError:
        raise NotFoundError from None
    found = await session.scalar(select(column).where(ProductPicture.sha256 == wanted).limit(1))
    if found is None:
        raise NotFoundError
    return bytes(found)


def made_anew(uploaded: bytes) -> Picture:
    """Upright, at most WIDE pixels on a side. Raises InvalidInputError for what is no picture or is too large."""
    if len(uploaded) > LARGEST_MIB * 1024 * 1024:
        raise _refused("The picture is larger than {limit} MB.", limit=LARGEST_MIB)
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            with Image.open(BytesIO(uploaded), formats=KINDS) as opened:
                if opened.width * opened.height > LARGEST_PIXELS:
                    raise _refused("The picture has too many pixels.")
                upright = ImageOps.exif_transpose(opened).convert("RGBA" if _has_alpha(opened) else "RGB")
        except (UnidentifiedImageError, OSError, SyntaxError, ValueError, Image.DecompressionBombWarning):
            raise _refused("This is not a JPEG, PNG or WebP picture.") from None
    large = _fitted(upright, WIDE)
    return Picture(_encoded(large), _encoded(_fitted(upright, SMALL)), large.width, large.height)


def _has_alpha(opened: Image.Image) -> bool:
    return "A" in opened.getbands() or "transparency" in opened.info


def _fitted(picture: Image.Image, side: int) -> Image.Image:
    fitted = picture.copy()
    fitted.thumbnail((side, side), Image.Resampling.LANCZOS)
    return fitted


def _encoded(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "WEBP", quality=QUALITY, method=4)
    return out.getvalue()


def _refused(reason: str, **values: int) -> InvalidInputError:
    return InvalidInputError([FieldProblem("picture", reason, tuple(values.items()))])


async def _remove(session: WriteSession, product_id: int) -> None:
    shown = update(ProductPicture).where(ProductPicture.product_id == product_id, ProductPicture.removed_at.is_(None))
    await session.execute(shown.values(removed_at=clock.now()))
