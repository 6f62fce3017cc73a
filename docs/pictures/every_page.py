"""Pictures of every page into a folder, to be looked at: `python docs/pictures/every_page.py FOLDER [NAME]`.

Pages with data, with the longest texts there may be, and as refused forms; on a phone and a wide screen, light and
dark, on sheets of sixteen. A shop of its own is made for it. NAME: only pages whose name has it. Needs Chromium.
"""

import asyncio
import sys
from collections.abc import Iterable
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
TALLEST = 3000
A_SHEET, COLUMNS = 16, 8
CELL = {390: (260, 780), 1440: (480, 600)}


def every_page(folder: Path) -> list[tuple[str, Shown]]:
    """Of a shop made in the folder: each kind of page and the page."""
    with database(Settings(var=folder / "server")) as urls:
        migrate(urls.owner)
        plain = asyncio.run(collected(urls, folder / "plain", refused=True))
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
    across, down = CELL[width]
    for first in range(0, len(pages), A_SHEET):
        sheet = Image.new("RGB", (COLUMNS * across, A_SHEET // COLUMNS * (down + 16)), "grey")
        for place, (kind, page) in enumerate(pages[first : first + A_SHEET]):
            with Image.open(folder / f"{first + place:03}-{width}-{scheme}.png") as picture:
                cut = picture.convert("RGB").crop((0, 0, width, min(picture.height, TALLEST)))
            cut.thumbnail((across - 6, down))
            x, y = place % COLUMNS * across, place // COLUMNS * (down + 16)
            sheet.paste(cut, (x, y + 16))
            ImageDraw.Draw(sheet).text((x, y), f"{first + place} {kind} {page.status} {page.name}"[:70], fill="white")
        sheet.save(folder / f"sheet-{width}-{scheme}-{first // A_SHEET:02}.png")


if __name__ == "__main__":
    into = Path(sys.argv[1])
    into.mkdir(parents=True, exist_ok=True)
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    pictures([(kind, page) for kind, page in every_page(into) if wanted in page.name], into)
