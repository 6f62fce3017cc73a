"""Money is an integer of the currency's minor unit (fen). Splitting, parsing and writing it; no floats anywhere."""

import re
from collections.abc import Sequence

SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "HKD": "HK$", "JPY": "¥"}
MINOR_DIGITS = {"JPY": 0, "KRW": 0}
AMOUNT = re.compile(r"(?P<sign>[+-]?)(?P<whole>[0-9]{1,1000})(\.(?P<fraction>[0-9]+))?")
MINUS = "\N{MINUS SIGN}"


def minor_digits(currency: str) -> int:
    """Decimal places of the currency's minor unit (ISO 4217)."""
    return MINOR_DIGITS.get(currency, 2)


def split(total_fen: int, weights: Sequence[int]) -> list[int]:
    """Share `total_fen` in proportion to `weights` so that the parts add up exactly (largest remainder, Hamilton).

    Ties go to the earlier part. Equal shares when all weights are zero. Raises ValueError on no or negative weights.
    """
    if not weights or min(weights) < 0:
        raise ValueError(f"weights must be non-negative and not empty: {list(weights)!r}")
    whole = sum(weights)
    if whole == 0:
        weights, whole = [1] * len(weights), len(weights)
    sign = -1 if total_fen < 0 else 1
    quotients = [divmod(abs(total_fen) * weight, whole) for weight in weights]
    parts = [quotient for quotient, _ in quotients]
    by_remainder = sorted(range(len(weights)), key=lambda i: -quotients[i][1])
    for i in by_remainder[: abs(total_fen) - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


def parse(text: str, currency: str) -> int:
    """Minor units of a plain decimal such as `12.30`. Raises ValueError when it is not one, or has finer fractions."""
    amount = AMOUNT.fullmatch(text.strip())
    if amount is None:
        raise ValueError(f"{text!r} is not an amount of money")
    sign, whole, fraction = amount["sign"], amount["whole"], (amount["fraction"] or "").rstrip("0")
    digits = minor_digits(currency)
    if len(fraction) > digits:
        raise ValueError(f"{text!r} has fractions finer than the minor unit of {currency}")
    fen = int(whole + fraction.ljust(digits, "0"))
    return -fen if sign == "-" else fen


def plain(fen: int, currency: str) -> str:
    """`1234.56`, `-0.05`: for files and spreadsheets, exact."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(fen), 10**digits)
    sign = "-" if fen < 0 else ""
    return f"{sign}{whole}.{rest:0{digits}d}" if digits else f"{sign}{whole}"


def text(fen: int, currency: str) -> str:
    """`¥1,234.56`, `−¥0.05`: for people."""
    digits = minor_digits(currency)
    whole, rest = divmod(abs(fen), 10**digits)
    sign = MINUS if fen < 0 else ""
    symbol = SYMBOLS.get(currency, f"{currency} ")
    return f"{sign}{symbol}{whole:,}.{rest:0{digits}d}" if digits else f"{sign}{symbol}{whole:,}"
