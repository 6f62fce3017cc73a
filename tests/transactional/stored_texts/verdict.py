"""Whether anything that a person wrote came to life on a page, judged on what a browser's parser made of it. Pure."""

import json
import re
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.transactional.stored_texts.payload import COMPUTED, MARK

SHOWN = frozenset({"value", "content", "alt", "title", "aria-label", "placeholder", "data-label", "label"})
"""Attributes in which a text may stand as it is: they are read or sent, and do nothing."""
ADDRESSES = frozenset(
    {"href", "src", "action", "formaction", "srcset", "poster", "data", "cite", "ping", "background", "xlink:href"}
    | {"hx-get", "hx-post", "hx-put", "hx-delete", "hx-patch", "manifest"}
)
RUNS = re.compile(r"[\x00-\x20]*(javascript|vbscript|data):", re.IGNORECASE)
PASSED_OVER = str.maketrans("", "", "\t\n\r")
"""Signs that a browser leaves out of an address before it reads it (URL Standard, 4.4)."""
ENCODED = re.compile(r"[/?#][^\s<>\"'`]*")
"""An own address in which a text is percent-encoded."""
FOREIGN = frozenset({"iframe", "frame", "object", "embed", "applet", "base", "style", "template", "noscript", "math"})
OWN_SCRIPT, STRUCTURED = "/static/", "application/ld+json"


@dataclass(frozen=True)
class Parsed:
    """A document: elements with their attributes, texts with the element they stand in, comments."""

    elements: Sequence[tuple[str, dict[str, str]]]
    texts: Sequence[tuple[str, str]]
    comments: Sequence[str]


@dataclass
class Verdict:
    """`lives`: what came of a text that should only be read; `read`: every text that a person or program reads."""

    lives: list[str] = field(default_factory=list)
    read: list[str] = field(default_factory=list)


def of_page(page: Parsed, *, in_mail: bool = False, own: Container[str] = ()) -> Verdict:
    """Mails style their own elements; pages never do.

    `own` are foreign elements, scripts with their type, that the page has itself, without a word that anybody wrote.
    """
    found = Verdict()
    for tag, attributes in page.elements:
        kind = f"{tag} {attributes['type']}" if tag == "script" and "type" in attributes else tag
        if kind in own and MARK not in "".join(attributes.values()):
            continue
        found.lives += [f"<{tag}> {what}" for what in _element(tag, attributes, in_mail)]
        found.read += attributes.values()
    for parent, text in page.texts:
        if parent == "script":
            _script(found, text)
        else:
            found.read.append(text)
    found.lives += [f"comment {text[:60]}" for text in page.comments if MARK in text]
    found.lives += ["a template expression"] * any(COMPUTED in text for text in found.read)
    return found


def _element(tag: str, attributes: dict[str, str], in_mail: bool) -> Iterator[str]:
    if tag in FOREIGN or MARK in tag:
        yield "is there"
    if tag == "script" and attributes.get("type") != STRUCTURED and not _is_own_script(attributes):
        yield "is not the shop's"
    if tag == "img" and not attributes.get("src", "").startswith(("/pictures/", OWN_SCRIPT)):
        yield "shows what is not the shop's"
    refreshes = tag == "meta" and "http-equiv" in attributes
    for name, value in attributes.items():
        yield from _attribute(name, value, in_mail, refreshes)


def _attribute(name: str, value: str, in_mail: bool, refreshes: bool) -> Iterator[str]:
    if name.startswith("on") or MARK in name or not re.fullmatch(r"[a-z:-]+", name, re.IGNORECASE):
        yield f"has {name}"
    if name.startswith("hx-on") or (name == "style" and not in_mail):
        yield f"has {name}"
    if name in ADDRESSES or refreshes:
        address = value.partition("url=")[2] if refreshes else value
        if RUNS.match(address.translate(PASSED_OVER)) or (MARK in address and not _is_led_by_the_shop(address)):
            yield f"leads to {value[:60]}"
    elif MARK in value and name not in SHOWN:
        yield f"has {name}={value[:60]}"


def _is_led_by_the_shop(address: str) -> bool:
    """A text may say what is asked for there, never where: an own page, or a partner's address that staff wrote."""
    own = ENCODED.fullmatch(address) and MARK not in address.partition("?")[0]
    return bool(own) or address.startswith("https://")


def _is_own_script(attributes: dict[str, str]) -> bool:
    return attributes.get("src", "").startswith(OWN_SCRIPT) and MARK not in attributes["src"]


def _script(found: Verdict, text: str) -> None:
    """Only structured data and the shop's own imports stand inside a script element: they must be whole."""
    try:
        found.read += strings(json.loads(text))
    except ValueError:
        found.lives.append(f"a script {text[:60]}")


def strings(value: Any) -> Iterator[str]:
    """Every text in JSON, names too."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from (name, *strings(part))
    elif isinstance(value, list):
        for part in value:
            yield from strings(part)
    elif isinstance(value, str):
        yield value
