"""Pictures of every page into a folder, to be looked at: `python -m docs.pictures.every_page FOLDER [NAME]`.

Pages with data, with much or nothing in them, with the longest texts and largest amounts, and as refused forms; on a
phone and a wide screen, light and dark, on sheets. A shop of its own is made for it. NAME: only pages whose name has
it. Needs Chromium.
"""

import asyncio
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from PIL import Image, ImageDraw
from playwright.sync_api import sync_playwright

from mingsuan.postgres import database
from mingsuan.settings import Settings
from tests.journeys.conftest import FLAGS
from tests.journeys.every_page import Scheme, Shown, collected, show, window
from tests.journeys.install_chromium import find
from transactional.migrations import migrate

VIEWS: tuple[tuple[int, Scheme], ...] = ((390, "light"), (1440, "light"), (390, "dark"), (1440, "dark"))
ON_A_SHEET = {390: (6, 1), 1440: (3, 2)}
"""Columns and rows."""
CELL = {390: (260, 780), 1440: (500, 390)}
MOST_CELLS = 2
"""A long page goes on in the next cell, and is then cut off."""


def every_page(folder: Path) -> list[tuple[str, Shown]]:
    """Of a shop made in the folder: each kind of page and the page."""
    with database(Settings(var=folder / "server")) as urls:
        migrate(urls.owner)
        plain = asyncio.run(collected(urls, folder / "plain", more=True))
    with database(Settings(var=folder / "stretched-server")) as urls:
        migrate(urls.owner)
        stretched = asyncio.run(collected(urls, folder / "stretched", stretched=True))
    return [*(("plain", each) for each in plain), *(("long", each) for each in stretched)]


def pictures(pages: Iterable[tuple[str, Shown]], folder: Path) -> None:
    """One picture a page and view, and sheets of them."""
    kept = list(pages)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find(), args=list(FLAGS))
        for width, scheme in VIEWS:
            with window(browser, width, scheme) as tab:
                for number, (_, page) in enumerate(kept):
                    show(tab, page)
                    tab.screenshot(path=folder / f"{number:03}-{width}-{scheme}.png", full_page=True)
            _sheets(kept, folder, width, scheme)
        browser.close()


def _sheets(pages: list[tuple[str, Shown]], folder: Path, width: int, scheme: Scheme) -> None:
    cells = list(_cells(pages, folder, width, scheme))
    (across, down), (columns, rows) = CELL[width], ON_A_SHEET[width]
    for number, first in enumerate(range(0, len(cells), columns * rows)):
        sheet = Image.new("RGB", (columns * across, rows * (down + 16)), "grey")
        for place, (title, picture) in enumerate(cells[first : first + columns * rows]):
            x, y = place % columns * across, place // columns * (down + 16)
            sheet.paste(picture, (x, y + 16))
            ImageDraw.Draw(sheet).text((x, y), title, fill="white")
        sheet.save(folder / f"sheet-{width}-{scheme}-{number:03}.png")


def _cells(
    pages: list[tuple[str, Shown]], folder: Path, width: int, scheme: Scheme
) -> Iterator[tuple[str, Image.Image]]:
    """Each with its title, as wide as a cell allows."""
    across, down = CELL[width]
    tall = down * width // (across - 6)
    for number, (kind, page) in enumerate(pages):
        with Image.open(folder / f"{number:03}-{width}-{scheme}.png") as picture:
            for part in range(min(-(-picture.height // tall), MOST_CELLS)):
                cut = picture.convert("RGB").crop((0, part * tall, width, min(picture.height, (part + 1) * tall)))
                cut.thumbnail((across - 6, down))
                yield f"{number} {kind} {page.status} {page.name}"[: across // 6], cut


if __name__ == "__main__":
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    pictures([(kind, page) for kind, page in every_page(into) if wanted in page.name], into)
