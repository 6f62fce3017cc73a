"""Evidence: what is let in, what is left of it, and who gets it back."""

import io
import re
import struct
import zlib
from collections.abc import Callable

import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from transactional.aftersales.errors import EvidenceRefusedError
from transactional.aftersales.evidence_files import LARGEST_FILE, LONGEST_SIDE, cleaned

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), **options: object) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", size, (200, 30, 30)).save(file, kind, **options)
    return file.getvalue()


def photo_with_place() -> bytes:
    exif = Image.Exif()
    exif[Base.Make.value] = "SECRETCAM"
    exif.get_ifd(IFD.GPSInfo)[GPS.GPSLatitude.value] = (31.0, 13.0, 49.0)
    return picture(exif=exif.tobytes(), comment=b"SECRETCOMMENT")


def png_of(width: int, height: int) -> bytes:
    """A small file that says it is that large."""
    row = b"\0" + b"\0" * ((width + 7) // 8)
    return _png(width, height, zlib.compress(row * min(height, 10), 9))


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_pictures_come_out_as_jpeg_that_shows_the_same(kind: str) -> None:
    clean = cleaned(picture(kind))
    assert clean.media_type == "image/jpeg"
    with Image.open(io.BytesIO(clean.content)) as shown:
        assert (shown.format, shown.size) == ("JPEG", (64, 48))
        assert all(abs(a - b) < 12 for a, b in zip(shown.getpixel((30, 20)), (200, 30, 30), strict=True))


def test_place_camera_and_comments_are_gone() -> None:
    given = photo_with_place()
    assert b"SECRETCAM" in given
    assert b"SECRETCOMMENT" in given
    clean = cleaned(given).content
    assert b"SECRET" not in clean
    with Image.open(io.BytesIO(clean)) as shown:
        assert not shown.getexif()
        assert not {"exif", "comment", "icc_profile"} & set(shown.info)


def test_a_picture_held_sideways_is_upright_afterwards() -> None:
    exif = Image.Exif()
    exif[Base.Orientation.value] = 6
    with Image.open(io.BytesIO(cleaned(picture(exif=exif.tobytes())).content)) as shown:
        assert shown.size == (48, 64)


def test_a_second_file_in_a_picture_does_not_survive() -> None:
    for given in (picture() + b"PK\x03\x04<script>alert(1)</script>", picture("PNG") + b"<?php evil() ?>%PDF-1.4"):
        clean = cleaned(given).content
        assert re.search(rb"PK\x03\x04|script|php|%PDF", clean) is None


def test_large_pictures_are_made_smaller() -> None:
    with Image.open(io.BytesIO(cleaned(picture(size=(6000, 3000))).content)) as shown:
        assert shown.size == (LONGEST_SIDE, LONGEST_SIDE // 2)


REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "more than 5 MB": lambda: picture() + b"\0" * LARGEST_FILE,
    "a web page": lambda: b"<html><script>alert(1)</script></html>",
    "a drawing that can hold scripts": lambda: b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    "an archive": lambda: b"PK\x03\x04" + b"\0" * 100,
    "a program": lambda: b"MZ" + b"\0" * 100,
    "a picture that ends in the middle": lambda: picture(size=(400, 400))[:900],
    "a picture of 2.5 thousand million dots": lambda: png_of(50_000, 50_000),
    "a picture just above the limit": lambda: png_of(5_000, 4_801),
    "a long text hidden in a picture": lambda: _png(8, 8, b"not compressed at all"),
    "a PDF without its end": lambda: PDF.replace(b"%%EOF", b""),
    "a PDF that runs a script": lambda: PDF.replace(b"/Catalog", b"/Catalog /OpenAction 2 0 R"),
    "a PDF that hides its script's name": lambda: PDF.replace(b"/Catalog", b"/Catalog /J#61vaScript (x)"),
    "a PDF that starts a program": lambda: PDF.replace(b"/Catalog", b"/Catalog /Launch (x)"),
    "a PDF that is an archive too": lambda: PDF[:-6] + b"PK\x05\x06" + b"\0" * 18 + b"%%EOF\n",
    "a PDF after something else": lambda: b"GIF89a" + PDF,
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused_whole(what: str) -> None:
    with pytest.raises(EvidenceRefusedError):
        cleaned(REFUSED[what]())


def test_a_plain_pdf_is_kept_as_it_came() -> None:
    clean = cleaned(PDF)
    assert (clean.media_type, clean.content) == ("application/pdf", PDF)
