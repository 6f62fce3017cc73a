"""Small tables as HTML: readable by screen readers and printers, numbers right-aligned. Every text is escaped here."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_COMMAND = re.compile(r"`([^`]+)`")
Align = Literal["text", "number"]


@dataclass(frozen=True, slots=True)
class Row:
    """Cells in order; `style` is a class of style.css (`subtotal`, `result`, `bad`, `note`)."""

    cells: tuple[str, ...]
    style: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A column's title and how its cells are aligned."""

    title: str
    align: Align = "text"


def table(caption: str, headings: Sequence[Heading], rows: Iterable[Row]) -> str:
    """A table whose first cell of each row is its header; scrolls sideways on its own when the screen is narrow."""
    head = "".join(f'<th scope="col" class="{h.align}">{escape(h.title)}</th>' for h in headings)
    body = "".join(_row(headings, row) for row in rows)
    return (
        f'<div class="ms-scroll" tabindex="0" role="region" aria-label="{escape(caption, quote=True)}">'
        f'<table class="ms-table"><caption>{escape(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def stamp(parts: Iterable[str], badge: str | None = None) -> str:
    """The line that says of when and from where the figures are."""
    items = "".join(f"<span>{_unbroken(part)}</span>" for part in parts)
    mark = f'<strong class="ms-badge">{escape(badge)}</strong>' if badge else ""
    return f'<p class="ms-stamp">{mark}{items}</p>'


def answer(question: str, sentence: str, figure: str, meaning: str) -> str:
    """The page's answer: what was asked, the figure large, and what it means."""
    said = _COMMAND.sub(r"<code>\1</code>", escape(meaning))
    return (
        f'<section class="ms-answer"><h1>{escape(question)}</h1><p class="ms-lead">{_unbroken(sentence)}</p>'
        f'<p class="ms-figure">{escape(figure)}</p><p class="ms-meaning">{said}</p></section>'
    )


def swatches(items: Iterable[tuple[str, str]]) -> str:
    """Names beside their colours, in place of a legend."""
    marks = "".join(f'<span><i style="background:{escape(c, quote=True)}"></i>{escape(n)}</span>' for n, c in items)
    return f'<p class="ms-swatches">{marks}</p>'


def _unbroken(text: str) -> str:
    """Escaped; a date never breaks at its hyphens."""
    return _DATE.sub(r'<span class="ms-nowrap">\g<0></span>', escape(text))


def _row(headings: Sequence[Heading], row: Row) -> str:
    first, *others = zip(headings, row.cells, strict=True)
    cells = "".join(f'<td class="{heading.align}">{escape(cell)}</td>' for heading, cell in others)
    return f'<tr class="{row.style}"><th scope="row" class="{first[0].align}">{escape(first[1])}</th>{cells}</tr>'
