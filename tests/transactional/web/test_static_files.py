"""What a first visit loads: small, whole, unmodified, from this shop alone, and kept by the browser."""

import re
from hashlib import sha256

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from transactional.shop import Shop
from transactional.web.templating import STATIC

FIRST_LOAD_BYTES = 60_000


@pytest.mark.anyio
async def test_a_first_visit_loads_less_than_60_kb_of_styles_and_scripts_from_this_shop_only(
    shop: Shop, fresh_database: DatabaseUrls
) -> None:
    async with Client(shop, fresh_database) as client:
        html = (await client.get("/", headers={"accept": "text/html"})).text
        addresses = re.findall(r'(?:<link rel="stylesheet" href|<script src)="([^"]+)"', html)
        loaded = {address: await client.get(address) for address in addresses}
        assert len(loaded) == 3
        assert all(answer.status_code == 200 for answer in loaded.values())
        assert all("immutable" in answer.headers["cache-control"] for answer in loaded.values())
        assert sum(answer.num_bytes_downloaded for answer in loaded.values()) < FIRST_LOAD_BYTES
        assert all("://" not in address and not address.startswith("//") for address in addresses)
        changed = await client.get("/static/shop.css")
        assert changed.headers["cache-control"] == "no-cache"


def test_vendored_files_are_what_their_authors_published() -> None:
    vendor = STATIC / "vendor"
    listed = {
        sums.parent / name: digest
        for sums in vendor.rglob("SHA256SUMS")
        for digest, name in map(str.split, sums.read_text().splitlines())
    }
    assert set(listed) == set(vendor.rglob("*.js"))
    for file, digest in listed.items():
        assert sha256(file.read_bytes()).hexdigest() == digest


def test_the_stylesheet_calls_no_other_host_and_honours_reduced_motion() -> None:
    css = (STATIC / "shop.css").read_text()
    assert "@import" not in css
    assert re.findall(r"url\(([^)]*)\)", css) == ['"tick.svg"']
    moving = css.split("@media (prefers-reduced-motion: no-preference)")
    assert "transition" not in moving[0]
    assert "animation" not in css


def _luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance of #rgb or #rrggbb."""
    digits = colour.removeprefix("#")
    pairs = [digit * 2 for digit in digits] if len(digits) == 3 else [digits[i : i + 2] for i in (0, 2, 4)]
    parts = [int(pair, 16) / 255 for pair in pairs]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_colour_can_be_read_on_every_surface_it_stands_on(scheme: int) -> None:
    css = (STATIC / "shop.css").read_text()
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\);", css)
    token = {name: colours[scheme] for name, *colours in found}
    assert round(_contrast("#fff", "#000"), 6) == 21
    surfaces = ("paper", "surface", "sunken")
    pairs = [(ink, surface) for ink in ("ink", "ink-2", "accent") for surface in surfaces]
    pairs += [(tone, under) for tone in ("good", "warn", "bad") for under in (f"{tone}-soft", "surface")]
    pairs += [("accent-ink", "accent"), ("accent", "accent-soft"), ("ink-2", "accent-soft")]
    pairs += [("ink", f"{tone}-soft") for tone in ("good", "warn", "bad", "accent")]
    weak = {pair: round(_contrast(*map(token.__getitem__, pair)), 2) for pair in pairs}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}
