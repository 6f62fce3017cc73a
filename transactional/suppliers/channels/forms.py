"""What a channel must be before it is kept: its fields checked one by one. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from transactional.errors import FieldProblem
from transactional.suppliers.protocols.interface import FieldSpec
from transactional.suppliers.states import PROTOCOLS

CODE = re.compile(r"[a-z0-9][a-z0-9-]{0,38}[a-z0-9]")
REGION = re.compile(r"[A-Z]{2}")
LOOPBACK = ("127.0.0.1", "::1", "localhost")
WITHOUT_SUPPLIER = ("own_pool", "manual")
"""Protocols that no server speaks: the shop's own codes, and people."""
LEAST_PULL_S, MOST_PULL_S = 30, 7 * 24 * 3600
MOST_PATIENCE_S = 120
EMPTY = "Must not be empty."


@dataclass(frozen=True, slots=True)
class NewChannel:
    """A channel as staff describe it. `credentials` are sealed when it is kept, and never shown again."""

    code: str
    name: str
    protocol: str
    supplier_id: int | None = None
    base_url: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    check_on_order: bool = False
    patience_s: int = 15
    pull_every_s: int | None = 600


@dataclass(frozen=True, slots=True)
class ChannelEdit:
    """What can be changed of a channel later. Credentials left out stay as they are."""

    name: str
    base_url: str = ""
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    options: Mapping[str, Any] = field(default_factory=dict)
    regions: tuple[str, ...] = ()
    check_on_order: bool = False
    patience_s: int = 15
    pull_every_s: int | None = 600


@dataclass(frozen=True, slots=True)
class ProtocolForm:
    """The fields that a protocol asks for."""

    credentials: tuple[FieldSpec, ...] = ()
    options: tuple[FieldSpec, ...] = ()


def new_problems(new: NewChannel, asked: ProtocolForm) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with a new channel."""
    found = []
    if not CODE.fullmatch(new.code):
        found.append(FieldProblem("code", "Use 2 to 40 small letters, digits and hyphens."))
    if new.protocol not in PROTOCOLS:
        found.append(FieldProblem("protocol", "This protocol is not known."))
    if (new.protocol not in WITHOUT_SUPPLIER) and new.supplier_id is None:
        found.append(FieldProblem("supplier", "Choose the supplier that this channel buys from."))
    if new.protocol == "own_pool" and new.supplier_id is not None:
        found.append(FieldProblem("supplier", "The shop's own codes have no supplier here; their batches name it."))
    found += _lacking(asked.credentials, new.credentials)
    return (*found, *_common(new, new.protocol, asked))


def edit_problems(
    edit: ChannelEdit, protocol: str, base_url: str, options: Mapping[str, Any], asked: ProtocolForm
) -> tuple[FieldProblem, ...]:
    """Everything that is wrong with a change; `base_url` and `options` are those so far.

    Another server must be given the secrets anew: whoever may edit a channel cannot have them sent elsewhere.
    """
    found: list[FieldProblem] = []
    if servers(edit.base_url, edit.options) - servers(base_url, options):
        missing = [spec for spec in asked.credentials if spec.required and not edit.credentials.get(spec.name)]
        reason = "The address is another server's: enter the credentials again."
        found = [FieldProblem(f"credential_{spec.name}", reason) for spec in missing]
    return (*found, *_common(edit, protocol, asked))


def servers(base_url: str, options: Mapping[str, Any]) -> set[tuple[str, str]]:
    """Scheme and host with port of every place that a channel speaks to."""
    addresses = [base_url, *(str(value) for name, value in options.items() if name.endswith(("_url", "_host")))]
    found = set()
    for address in addresses:
        parts = urlsplit(address if "//" in address else f"//{address}")
        found.add((parts.scheme, parts.netloc.casefold()))
    return found


def is_address(given: str) -> bool:
    """HTTPS, or this machine; nothing that carries a user, a password, a query or a fragment."""
    try:
        parts = urlsplit(given)
        own = parts.scheme == "http" and parts.hostname in LOOPBACK
        plain = not (parts.fragment or parts.query or parts.username or parts.password) and parts.port != 0
    except ValueError:
        return False
    return bool(parts.hostname) and (parts.scheme == "https" or own) and plain and given.isprintable()


def _common(given: NewChannel | ChannelEdit, protocol: str, asked: ProtocolForm) -> list[FieldProblem]:
    found = []
    if not 1 <= len(given.name.strip()) <= 80:
        found.append(FieldProblem("name", "Use 1 to 80 characters."))
    if protocol not in WITHOUT_SUPPLIER and not is_address(given.base_url):
        found.append(FieldProblem("base_url", "Must be an https:// address without a query."))
    if any(not REGION.fullmatch(region) for region in given.regions):
        found.append(FieldProblem("regions", "Regions are two capital letters each, such as CN."))
    if not 1 <= given.patience_s <= MOST_PATIENCE_S:
        found.append(FieldProblem("patience_s", "Must be between {least} and {most}.", _between(1, MOST_PATIENCE_S)))
    if given.pull_every_s is not None and not LEAST_PULL_S <= given.pull_every_s <= MOST_PULL_S:
        found.append(FieldProblem("pull_every_s", "Must be between half a minute and seven days."))
    found += _unknown("credential", given.credentials, asked.credentials)
    found += _unknown("option", given.options, asked.options)
    return found + _lacking(asked.options, given.options, "option")


def _lacking(asked: tuple[FieldSpec, ...], given: Mapping[str, Any], kind: str = "credential") -> list[FieldProblem]:
    missing = [spec.name for spec in asked if spec.required and not given.get(spec.name)]
    return [FieldProblem(f"{kind}_{name}", EMPTY) for name in missing]


def _unknown(kind: str, given: Mapping[str, Any], asked: tuple[FieldSpec, ...]) -> list[FieldProblem]:
    by_name = {spec.name: spec for spec in asked}
    found = [FieldProblem(f"{kind}_{name}", "This protocol asks for no such field.") for name in given.keys() - by_name]
    for name in given.keys() & by_name.keys():
        choices = by_name[name].choices
        if choices and given[name] and given[name] not in choices:
            found.append(
                FieldProblem(f"{kind}_{name}", "Must be one of {choices}.", (("choices", ", ".join(choices)),))
            )
    return found


def _between(least: int, most: int) -> tuple[tuple[str, object], ...]:
    return (("least", least), ("most", most))
