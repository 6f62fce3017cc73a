"""The adapter of a channel, made from its settings and credentials; what a channel of each protocol must be given.

Each adapter is loaded only when a channel of its protocol is opened. What a channel buys is no part of this.
"""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Protocol, cast
from urllib.parse import urlsplit

from transactional.suppliers.protocols.interface import FieldSpec, Supply

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PATIENCE_S_AT_MOST = 120
ADAPTERS = MappingProxyType(
    {
        "fulu": ("transactional.suppliers.protocols.fulu", "FuluSupply"),
        "hmac_card": ("transactional.suppliers.protocols.hmac_card", "HmacCardSupply"),
        "reloadly": ("transactional.suppliers.protocols.reloadly", "ReloadlySupply"),
    }
)
"""By protocol: module and class, with `from_channel(base_url, credentials, options, patience_s)`."""

CREDENTIALS: Mapping[str, tuple[FieldSpec, ...]] = MappingProxyType(
    {
        "fulu": (FieldSpec("app_key", "App key"), FieldSpec("app_secret", "App secret")),
        "hmac_card": (FieldSpec("key_id", "Key id"), FieldSpec("secret", "Secret")),
        "reloadly": (
            FieldSpec("client_id", "Client id"),
            FieldSpec("client_secret", "Client secret"),
            FieldSpec("webhook_secret", "Webhook secret"),
        ),
        "own_pool": (),
        "manual": (),
    }
)
"""What is sealed with a channel and never shown again. Labels in the reader's language: `field_wording`."""

OPTIONS: Mapping[str, tuple[FieldSpec, ...]] = MappingProxyType(
    {
        "fulu": (
            FieldSpec("currency", "Currency", required=False),
            FieldSpec("not_found_final_s", "Seconds after which “not found” is final", required=False),
            FieldSpec("file_host", "Host of statement files", required=False),
        ),
        "hmac_card": (
            FieldSpec("currency", "Currency", required=False),
            FieldSpec("not_found_final_s", "Seconds after which “not found” is final", required=False),
        ),
        "reloadly": (
            FieldSpec("auth_url", "Log-in address", required=False),
            FieldSpec("audience", "Audience", required=False),
            FieldSpec("sender_name", "Sender’s name on orders", required=False),
            FieldSpec("range_values", "Face values of ranged goods, with commas between them", required=False),
            FieldSpec("not_found_final_s", "Seconds after which “not found” is final", required=False),
        ),
        "own_pool": (),
        "manual": (),
    }
)
"""A protocol's settings without secrets."""


class ConfigurationError(Exception):
    """A channel has settings that cannot work. `field` is one of CREDENTIALS or OPTIONS, `base_url` or `protocol`."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field} {problem}")
        self.field, self.problem = field, problem


class _Adapter(Protocol):
    def from_channel(
        self, base_url: str, credentials: Mapping[str, str], options: Mapping[str, object], patience_s: int
    ) -> Supply: ...


def supply(
    protocol: str, base_url: str, credentials: Mapping[str, str], options: Mapping[str, object], patience_s: int
) -> Supply:
    """The adapter of a channel; the caller closes it. Raises ConfigurationError naming the field.

    `own_pool` and `manual` are no protocols of a network: nobody is called.
    """
    if protocol not in ADAPTERS:
        raise ConfigurationError("protocol", f"{protocol!r} is not spoken over a network")
    _check_address("base_url", base_url)
    _check(CREDENTIALS[protocol], credentials, "is missing")
    _check(OPTIONS[protocol], options, "is missing")
    if not 1 <= patience_s <= PATIENCE_S_AT_MOST:
        raise ConfigurationError("patience_s", f"must be between 1 and {PATIENCE_S_AT_MOST}")
    module, name = ADAPTERS[protocol]
    adapter = cast(_Adapter, getattr(import_module(module), name))
    return adapter.from_channel(base_url.rstrip("/"), credentials, options, patience_s)


def whole_number(options: Mapping[str, object], field: str, default: int, least: int, most: int) -> int:
    """An option that is a number. Raises ConfigurationError."""
    given = options.get(field)
    if given in (None, ""):
        return default
    try:
        value = int(str(given))
    except ValueError:
        raise ConfigurationError(field, "must be a whole number") from None
    if not least <= value <= most:
        raise ConfigurationError(field, f"must be between {least} and {most}")
    return value


def currency(options: Mapping[str, object], default: str) -> str:
    """The option of that name: three capital letters. Raises ConfigurationError."""
    given = str(options.get("currency") or default)
    if not (len(given) == 3 and given.isascii() and given.isalpha() and given.isupper()):
        raise ConfigurationError("currency", "must be three capital letters")
    return given


def address(options: Mapping[str, object], field: str, default: str) -> str:
    """An option that is an address, secrets are sent there. Raises ConfigurationError."""
    given = str(options.get(field) or default)
    _check_address(field, given)
    return given


def _check(fields: tuple[FieldSpec, ...], given: Mapping[str, object], problem: str) -> None:
    for field in fields:
        if field.required and not str(given.get(field.name) or "").strip():
            raise ConfigurationError(field.name, problem)


def _check_address(field: str, url: str) -> None:
    """HTTPS, or plain HTTP on this machine: a refusal that anybody on the way could write proves nothing."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        raise ConfigurationError(field, "is no address") from None
    own = parts.scheme == "http" and host in LOOPBACK
    if not host or not (parts.scheme == "https" or own) or parts.query or parts.fragment or not url.isprintable():
        raise ConfigurationError(field, "must be an HTTPS address without a query")
