"""What a customer may attach: judged by its bytes, never by its name. Pictures are drawn anew, so that nothing but what
they show is left: no place or camera, no second file hidden in the first.

A PDF is kept as it came when nothing in it acts by itself; it is only ever downloaded.
"""

import io
import re
from dataclasses import dataclass

from PIL import Image, ImageOps

from transactional.aftersales.errors import EvidenceRefusedError

LARGEST_FILE = 5 * 1024 * 1024
LONGEST_SIDE = 2560
MOST_PIXELS = {"JPEG": 64_000_000, "PNG": 24_000_000, "WEBP": 24_000_000}
"""Before anything is decoded; JPEG decodes at a fraction of its size, the others whole."""
PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
ACTIVE = re.compile(rb"/(JavaScript|JS|Launch|EmbeddedFiles?|OpenAction|AA|RichMedia|XFA|SubmitForm|ImportData)\b")
ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
ARCHIVE = b"PK\x05\x06"
TAIL = 1024


@dataclass(frozen=True, slots=True)
class CleanFile:
    """What is kept."""

    media_type: str
    content: bytes


def cleaned(content: bytes) -> CleanFile:
    """Takes processor time for pictures: not for the event loop. Raises EvidenceRefusedError."""
    if not content or len(content) > LARGEST_FILE:
        raise EvidenceRefusedError
    if content.startswith(b"%PDF-"):
        return _pdf(content)
    kind = _kind(content)
    if kind is None:
        raise EvidenceRefusedError
    try:
        return CleanFile("image/jpeg", _redrawn(content, kind))
    except (OSError, ValueError, SyntaxError, MemoryError, Image.DecompressionBombError, Warning):
        raise EvidenceRefusedError from None


def _kind(content: bytes) -> str | None:
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for start, kind in PICTURES.items() if content.startswith(start)), None)


def _redrawn(content: bytes, kind: str) -> bytes:
    """The pixels alone, upright, on white, as a JPEG of at most LONGEST_SIDE."""
    with Image.open(io.BytesIO(content), formats=[kind]) as source:
        if source.width * source.height > MOST_PIXELS[kind]:
            raise EvidenceRefusedError
        source.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        upright = ImageOps.exif_transpose(source)
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        seen = upright.convert("RGBA")
    drawn = Image.new("RGB", seen.size, "white")  # a new one: the old one would carry its comments along
    drawn.paste(seen, mask=seen.getchannel("A"))
    file = io.BytesIO()
    drawn.save(file, "JPEG", quality=88, optimize=True)
    return file.getvalue()


def _pdf(content: bytes) -> CleanFile:
    plain = ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)
    if b"%%EOF" not in content[-TAIL:] or ARCHIVE in content or ACTIVE.search(plain):
        raise EvidenceRefusedError
    return CleanFile("application/pdf", content)
