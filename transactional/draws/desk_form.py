"""What staff typed of a draw, as the command of `drafts`, and back. What makes sense is checked there, not here."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from starlette.datastructures import FormData

from mingsuan import money
from mingsuan.i18n import Translator
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen
from transactional.draws.drafts import NewDraw
from transactional.shop import Shop

TEXTS = (
    "title_zh", "title_en", "mode", "profile", "prize_item", "prize_name", "prize_kind", "free_rule", "house_rule",
)  # fmt: skip
COUNTS = ("capacity", "winners", "reserves", "delay_s", "claim_days")
MAYBE = ("most_each", "pack_count", "pack_price_count")
AMOUNTS = ("prize_value", "price")
NAMES = (*TEXTS, *COUNTS, *MAYBE, *AMOUNTS, "closes_at", "rules")
LONGEST = 60_000
BLANK = {
    "mode": "promotional", "profile": "mainland", "prize_kind": "code", "capacity": "0", "winners": "1",
    "reserves": "3", "delay_s": "600", "claim_days": "30",
}  # fmt: skip


def typed(form: FormData) -> dict[str, str]:
    """The texts of the form's fields; browsers send line ends as CR LF."""
    found = {name: form.get(name, "") for name in NAMES}
    return {
        name: value.replace("\r\n", "\n") if isinstance(value, str) and len(value) <= LONGEST else ""
        for name, value in found.items()
    }


def read(form: Mapping[str, str], shop: Shop, chain_hash: str, _: Translator) -> NewDraw:
    """Raises RefusedForm naming every field that is no number, amount or time."""
    faults = Faults()
    amounts = {f"{name}_fen": _amount(form, name, shop.currency, faults, _) for name in AMOUNTS}
    counts = {name: _count(form, name, faults, _) or 0 for name in COUNTS}
    most_each, pack_count, pack_price_count = (_count(form, name, faults, _) for name in MAYBE)
    closes_at = _instant(form["closes_at"], shop, faults, _)
    pack = None
    if pack_count is not None or pack_price_count is not None:
        pack = (pack_count or 0, pack_price_count or 0)
    if faults:
        raise RefusedForm(faults)
    fields: dict[str, Any] = {name: form[name].strip() for name in (*TEXTS, "rules")}
    fields |= amounts | counts | {"most_each": most_each, "pack": pack, "closes_at": closes_at}
    return NewDraw(**fields, chain_hash=chain_hash)


def written(said: NewDraw, shop: Shop) -> dict[str, str]:
    """The form of a draft, as it was said."""
    form = {name: str(getattr(said, name)) for name in (*TEXTS, *COUNTS, "rules")}
    count, price_count = said.pack or (None, None)
    maybe = {"most_each": said.most_each, "pack_count": count, "pack_price_count": price_count}
    form |= {name: "" if value is None else str(value) for name, value in maybe.items()}
    form["prize_value"] = money.plain(said.prize_value_fen, shop.currency)
    form["price"] = money.plain(said.price_fen, shop.currency) if said.price_fen else ""
    form["closes_at"] = f"{said.closes_at.astimezone(shop.zone):%Y-%m-%dT%H:%M}" if said.closes_at else ""
    return form


def _amount(form: Mapping[str, str], name: str, currency: str, faults: Faults, _: Translator) -> int:
    try:
        return amount_fen(name, form[name].strip() or "0", currency, _)
    except RefusedForm as refused:
        faults.update(refused.faults)
        return 0


def _count(form: Mapping[str, str], name: str, faults: Faults, _: Translator) -> int | None:
    plain = form[name].strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdecimal() and len(plain) <= 9):
        faults[name] = _("Must be a whole number")
        return None
    return int(plain)


def _instant(plain: str, shop: Shop, faults: Faults, _: Translator) -> datetime | None:
    """In the shop's zone."""
    try:
        return datetime.fromisoformat(plain.strip()).replace(tzinfo=shop.zone) if plain.strip() else None
    except ValueError:
        faults["closes_at"] = _("Not a day and time, such as 2027-01-31 08:00")
        return None
