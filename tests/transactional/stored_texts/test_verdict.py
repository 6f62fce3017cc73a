"""What the look at a page finds, on pages of which it is known what lives there."""

import pytest

from tests.journeys.conftest import chromium as chromium  # noqa: PLC0414  (a fixture)
from tests.transactional.stored_texts.parsing import parser
from tests.transactional.stored_texts.payload import payload
from tests.transactional.stored_texts.verdict import of_page

ALIVE = (
    "<p>{it}</p>",
    "<title>{it}</title>",
    "<textarea>{it}</textarea>",
    '<input value="{it}">',
    "<input value='{it}'>",
    "<input value={it}>",
    '<a href="{it}">x</a>',
    '<a href="/search?q={it}">x</a>',
    "<!-- {it} -->",
    '<script type="application/ld+json">{{"name": "{it}"}}</script>',
    '<script src="/static/shop.js">{it}</script>',
    "<style>{it}</style>",
    "<svg><title>{it}</title></svg>",
    '<select><option value="1">{it}</option></select>',
    '<a href="javascript:x()">x</a>',
    '<a href=" java\tscript&colon;x()">x</a>',
    '<a href="JaVaScRiPt:x()">x</a>',
    '<form action="data:text/html,x"></form>',
    '<meta http-equiv="refresh" content="0; url=javascript:x()">',
    '<img src="https://evil.test/x.png">',
    '<p style="color:red">x</p>',
    '<p onclick="x()">x</p>',
    '<button hx-on:click="x()">x</button>',
    '<iframe src="/"></iframe>',
    '<base href="https://evil.test/">',
    "<script>x()</script>",
    '<script src="https://evil.test/x.js"></script>',
    '<p id="x5s">x</p>',
    '<p class="a x5s">x</p>',
    "<p>x5sx5sx5s</p>",
)
INERT = (
    "<p>{escaped}</p>",
    '<input value="{escaped}" aria-label="{escaped}" placeholder="{escaped}">',
    '<meta property="og:title" content="{escaped}">',
    "<title>{escaped}</title><textarea>{escaped}</textarea>",
    '<a href="/search?q=%3Cx5s%3E">x</a>',
    '<script type="application/ld+json">{{"name": "\\u003cx5s"}}</script>',
    '<script src="/static/shop.js" defer></script><img src="/pictures/1/wide.webp" alt="">',
)
WRITTEN = {"it": payload("a.b"), "escaped": payload("a.b").replace("&", "&amp;").replace("<", "&lt;")}
WRITTEN["escaped"] = WRITTEN["escaped"].replace(">", "&gt;").replace('"', "&#34;").replace("'", "&#39;")


@pytest.fixture(scope="module")
def lives(chromium: str) -> dict[str, list[str]]:
    """What was found on each page."""
    pages = [*ALIVE, *INERT]
    with parser(chromium) as parse:
        taken_apart = parse([page.format(**WRITTEN) for page in pages])
    return {page: of_page(each).lives for page, each in zip(pages, taken_apart, strict=True)}


@pytest.mark.parametrize("page", ALIVE)
def test_what_lives_is_found(lives: dict[str, list[str]], page: str) -> None:
    assert lives[page] != []


@pytest.mark.parametrize("page", INERT)
def test_what_is_only_read_is_not(lives: dict[str, list[str]], page: str) -> None:
    assert lives[page] == []


def test_what_a_page_has_itself_is_its_own_only_without_a_text_of_others(chromium: str) -> None:
    own = frozenset({"template", "script importmap"})
    plain = '<template data-name="x">y</template><script type="importmap">{"imports": {}}</script>'
    written = '<template data-name="x5s"></template>'
    with parser(chromium) as parse:
        shown = parse([plain, written, '<script type="module">{}</script>'])
    assert [bool(of_page(page, own=own).lives) for page in shown] == [False, True, True]
    assert len(of_page(shown[0]).lives) == 2
