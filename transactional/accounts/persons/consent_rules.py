"""The documents that people agree to, in which version, and what of it can be taken back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Act = Literal["given", "withdrawn"]


@dataclass(frozen=True, slots=True)
class Document:
    """`is_required`: nobody has an account without it; `can_be_withdrawn`: the account goes on without it."""

    name: str
    version: str
    address: str
    is_required: bool = True
    can_be_withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """The last thing that somebody said about a document."""

    version: str
    act: Act


DOCUMENTS: dict[str, Document] = {
    each.name: each
    for each in (
        Document("terms", "2026-11", "/terms"),
        Document("privacy", "2026-11", "/privacy"),
        Document("refund_rule", "2026-11", "/terms#refunds"),
        # Sensitive personal information needs a separate consent (PIPL, article 29), which can be taken back (15).
        Document("identity", "2026-11", "/privacy#identity", is_required=False, can_be_withdrawn=True),
    )
}
"""A new version is asked for again from everybody: change it whenever the document's meaning changes."""


def is_given(document: Document, standing: Standing | None) -> bool:
    """Whether the version of today is agreed to; an older one is not the same."""
    return standing == Standing(document.version, "given")


def missing(standings: Mapping[str, Standing]) -> tuple[str, ...]:
    """Required documents whose version of today somebody has not agreed to."""
    return tuple(
        name
        for name, document in DOCUMENTS.items()
        if document.is_required and not is_given(document, standings.get(name))
    )
