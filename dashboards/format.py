"""How figures are written for people: the only place, with the exports, where fen become yuan.

Texts and numbers only; no queries and no Streamlit here.
"""

from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from zoneinfo import ZoneInfo

from mingsuan import money
from mingsuan.i18n import Translator

NOTHING = "—"
"""Stands where a figure does not exist: never where it is zero."""


def yuan(fen: int, currency: str) -> Decimal:
    """The amount in whole units of the currency, exact."""
    return Decimal(int(fen)).scaleb(-money.minor_digits(currency))


def amount(fen: int, currency: str) -> str:
    """`¥1,234.56`, `−¥0.05`."""
    return money.text(int(fen), currency)


def change(fen: int, currency: str) -> str:
    """A difference with its sign: `+¥5.00`, `−¥5.00`, and `¥0.00` without one."""
    return f"+{amount(fen, currency)}" if fen > 0 else amount(fen, currency)


def share(part: int, whole: int) -> Decimal | None:
    """`part ÷ whole` in decimal arithmetic; None when there is no whole."""
    return Decimal(int(part)) / Decimal(int(whole)) if whole else None


def coverage(known_fen: int, net_sales_fen: int) -> Decimal | None:
    """Share of net sales with known cost; None where refunds leave no whole of which the known part is a part."""
    return share(known_fen, net_sales_fen) if 0 <= known_fen <= net_sales_fen else None


def rate(value: Decimal | float | None) -> str:
    """`12.3%`: one decimal, half to even; a dash when unknown."""
    if value is None:
        return NOTHING
    rounded = (Decimal(str(value)) * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return f"{abs(rounded)}%" if rounded == 0 else _signed(f"{abs(rounded)}%", rounded)


def points(value: Decimal) -> str:
    """A difference of two rates, in percentage points: `+1.5`, `−0.4`, `0.0`."""
    rounded = (value * 100).quantize(Decimal("0.1"), ROUND_HALF_EVEN)
    return f"+{rounded}" if rounded > 0 else _signed(f"{abs(rounded)}", rounded)


def count(number: int) -> str:
    """`12,345`, `−3`."""
    return _signed(f"{abs(int(number)):,}", number)


def days(value: float | None) -> str:
    """Days without needless decimals; a dash when not reached."""
    return NOTHING if value is None else f"{value:g}"


def interval(low: str, high: str) -> str:
    """`90–98`."""
    return f"{low}–{high}"


def period(first: date, last: date) -> str:
    """`2026-01-01 – 2026-01-31`, or the one day."""
    return f"{first}" if first == last else f"{first} – {last}"


def instant(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-01-31 14:05 Asia/Shanghai (UTC+08:00)`: a time is never written without its zone."""
    local = moment.astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M} {zone.key} (UTC{offset[:3]}:{offset[3:]})"


def short_instant(moment: datetime, zone: ZoneInfo) -> str:
    """`2026-01-31 14:05:09` in the shop's zone, for tables that name the zone once."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def age(elapsed: timedelta, _: Translator) -> str:
    """How long ago, in the two units that matter; a clock that runs ahead counts as no time."""
    minutes = max(0, int(elapsed.total_seconds() // 60))
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return _("{hours} h {minutes} min").format(hours=hours, minutes=minutes)
    return _("{days} d {hours} h").format(days=hours // 24, hours=hours % 24)


def seconds(value: float | None, _: Translator) -> str:
    """A short duration such as the age of a transaction."""
    if value is None:
        return NOTHING
    return _("{seconds} s").format(seconds=f"{value:.1f}") if value < 120 else age(timedelta(seconds=value), _)


def _signed(absolute: str, number: Decimal | int) -> str:
    return f"{money.MINUS}{absolute}" if number < 0 else absolute
