"""The simulated suppliers of a demo: three businesses, six accounts, who sells what there at which price.

How a shop comes to know them is `simulation.suppliers_setup`'s. All names are invented.
"""

import json
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from simulation.suppliers.entries import Good, GoodField, GoodKind, Terms
from simulation.suppliers.misbehaviour import Fault, Misbehaviour
from simulation.suppliers.spec import AccountSpec
from simulation.suppliers.tempo import Tempo

ACCOUNT_FIELD = (GoodField("ChargeAccount", "充值账号"),)
FORM_FIELD = (GoodField("account", "充值账号"),)
USD = Decimal("7.1")
FEE_USD = Decimal("0.1")
FAULTS: Mapping[Fault, float] = {
    "failure": 0.02,
    "timeout_after_accept": 0.01,
    "timeout_before_accept": 0.005,
    "duplicate_number": 0.005,
    "unknown_state": 0.01,
    "early_callback": 0.02,
    "lost_callback": 0.02,
    "repeated_callback": 0.02,
    "bad_code": 0.005,
    "price_jump": 0.002,
    "stock_lie": 0.005,
}
"""What befalls orders of a demo: enough to be seen, too little to be in the way."""


@dataclass(frozen=True, slots=True)
class Business:
    """Somebody to buy from; `deposit` is paid in by a prepaid buyer, in its currency."""

    key: str
    name: str
    currency: str
    terms: Terms
    deposit: Decimal


@dataclass(frozen=True, slots=True)
class Shelf:
    """An account of a business: `level` is its price as a share of the list price."""

    name: str
    title: str
    business: str
    protocol: str
    level: Decimal
    tempo: Tempo
    seed: int
    sells_top_ups: bool
    currency: str = "CNY"


@dataclass(frozen=True, slots=True)
class Line:
    """What a shop sells of it: a SKU's code and its list price; each account has its own number for it."""

    code: str
    name: str
    kind: GoodKind
    list_price: Decimal
    number: int


BUSINESSES = (
    Business("yunze", "云泽数字（模拟）", "CNY", "prepaid", Decimal(20_000)),
    Business("xinghe", "星禾卡业（模拟）", "CNY", "on_account", Decimal(0)),
    Business("harbor", "Harbor Gift (simulated)", "USD", "prepaid", Decimal(3_000)),
)
SHELVES = (
    Shelf("yunze-main", "云泽 · 主通道", "yunze", "fulu", Decimal("0.905"), Tempo(0.05, 1.2), 1, True),
    Shelf("yunze-fast", "云泽 · 极速通道", "yunze", "fulu", Decimal("0.935"), Tempo(0.02, 0.4), 2, True),
    Shelf("xinghe-a", "星禾 · 一店", "xinghe", "hmac_card", Decimal("0.895"), Tempo(0.05, 2.5), 3, True),
    Shelf("xinghe-b", "星禾 · 二店", "xinghe", "hmac_card", Decimal("0.92"), Tempo(0.05, 1.0), 4, False),
    Shelf("harbor-one", "Harbor · 一号账户", "harbor", "reloadly", Decimal("0.91"), Tempo(0.1, 1.5), 5, False, "USD"),
    Shelf("harbor-two", "Harbor · 二号账户", "harbor", "reloadly", Decimal("0.93"), Tempo(0.1, 0.8), 6, False, "USD"),
)
LINES = (
    Line("XHK-50", "星海礼品卡 50 元", "card", Decimal(50), 1),
    Line("XHK-100", "星海礼品卡 100 元", "card", Decimal(100), 2),
    Line("XHK-200", "星海礼品卡 200 元", "card", Decimal(200), 3),
    Line("YXZ-30D", "云岫影视直充 30 天", "direct", Decimal(22), 11),
    Line("YXZ-365D", "云岫影视直充 365 天", "direct", Decimal(228), 12),
)


def supplier_sku(shelf: Shelf, line: Line) -> str:
    """What an account calls a line, as its protocol writes numbers."""
    if shelf.protocol == "fulu":
        return f"{10_000_000 + 1000 * shelf.seed + line.number}"
    if shelf.protocol == "hmac_card":
        return f"{100 + line.number}-{1000 * shelf.seed + line.number}"
    return f"{1000 + line.number}:{line.list_price.normalize():f}"


def sold_at(shelf: Shelf) -> tuple[Line, ...]:
    return tuple(line for line in LINES if line.kind == "card" or shelf.sells_top_ups)


def specs(folder: Path, seed: int = 0, faults: Mapping[Fault, float] | None = None) -> tuple[AccountSpec, ...]:
    """The accounts as they are set up in a folder, where their credentials and the shop's addresses are kept."""
    known, told = credentials(folder), push_urls(folder)
    deposits = {one.key: one for one in BUSINESSES}
    return tuple(
        AccountSpec(
            shelf.name,
            shelf.protocol,
            known[shelf.name],
            tuple(good(shelf, line) for line in sold_at(shelf)),
            currency=shelf.currency,
            terms=deposits[shelf.business].terms,
            deposit=_share(deposits[shelf.business]),
            purse=shelf.business,
            seed=shelf.seed,
            push_url=told.get(shelf.name, ""),
            statement_format="xlsx" if shelf.protocol == "hmac_card" else "csv",
            tempo=shelf.tempo,
            misbehaviour=Misbehaviour(seed + shelf.seed, FAULTS if faults is None else faults),
        )
        for shelf in SHELVES
    )


def credentials(folder: Path) -> dict[str, dict[str, str]]:
    """By account, what the shop is given; made once."""
    file = folder / "credentials.json"
    if not file.exists():
        folder.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as draft:
            json.dump({shelf.name: _made(shelf.protocol) for shelf in SHELVES}, draft, indent=1)
    found: dict[str, dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    return found


def push_urls(folder: Path) -> dict[str, str]:
    """By account, where it tells the shop of prices and statements."""
    file = folder / "push_urls.json"
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    return found


def keep_push_urls(folder: Path, urls: Mapping[str, str]) -> None:
    (folder / "push_urls.json").write_text(json.dumps(dict(urls), indent=1), encoding="utf-8")


def _share(business: Business) -> Decimal:
    """A deposit lies with the business in equal parts on its accounts."""
    return business.deposit / len([shelf for shelf in SHELVES if shelf.business == business.key])


def good(shelf: Shelf, line: Line) -> Good:
    """A line as an account sells it, at its first price."""
    cost = line.list_price * shelf.level
    if shelf.currency == "USD":
        cost = (cost / USD).quantize(Decimal("0.01")) + FEE_USD
    fields: Sequence[GoodField] = ()
    if line.kind == "direct":
        fields = ACCOUNT_FIELD if shelf.protocol == "fulu" else FORM_FIELD
    stock = 2_000 if line.kind == "card" else None
    return Good(
        supplier_sku(shelf, line),
        line.name,
        line.kind,
        cost.quantize(Decimal("0.01")),
        stock,
        face_value=line.list_price,
        fields=tuple(fields),
    )


def _made(protocol: str) -> dict[str, str]:
    if protocol == "fulu":
        return {"app_key": secrets.token_hex(12), "app_secret": secrets.token_hex(16)}
    if protocol == "hmac_card":
        return {"key_id": secrets.token_hex(8), "secret": secrets.token_hex(32)}
    return {name: secrets.token_hex(24) for name in ("client_id", "client_secret", "webhook_secret")}
