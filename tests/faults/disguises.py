"""A secret in every form in which it might leave the shop unnoticed, and the search for any of them."""

import base64
import html
import json
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

KEPT = 3  # a mask may show the first and last two signs of a code


def disguises(secret: str) -> set[bytes]:
    """The secret's inner part plain, escaped, URL-encoded, as hex, as UTF-16, and in base64 at any offset."""
    core = secret[KEPT:-KEPT]
    texts = {core, html.escape(core), json.dumps(core)[1:-1], json.dumps(core, ensure_ascii=False)[1:-1]}
    texts |= {core.encode("unicode_escape").decode(), repr(core)[1:-1], repr(core.encode())[2:-1], core[::-1]}
    texts |= {
        encoded for text in (quote(core, safe=""), quote(core), quote_plus(core)) for encoded in (text, text.lower())
    }
    raw = [core.encode(), core.encode("utf-16-le"), core.encode("utf-16-be")]
    for plain in raw:
        texts |= {plain.hex(), plain.hex().upper(), "".join(f"%{byte:02X}" for byte in plain), plain.hex(" ")}
        texts |= {form for offset in range(3) for form in _base64(plain, offset)}
    return {text.encode() for text in texts} | set(raw)


def _base64(plain: bytes, offset: int) -> set[str]:
    """What stays the same of the encoding, whatever stands before and after; both alphabets."""
    start, end = -(-offset * 8 // 6), (offset + len(plain)) * 8 // 6
    padded = bytes(offset) + plain
    return {encode(padded).decode()[start:end] for encode in (base64.b64encode, base64.urlsafe_b64encode)}


def found_in(places: Mapping[str, bytes], secrets: Iterable[str]) -> list[str]:
    """Where a secret shows through, and as what."""
    forms = [form for secret in secrets for form in disguises(secret)]
    return [f"{name}: {form!r}" for name, content in places.items() for form in forms if form in content]
