"""One cell of an order history into a value: dates, whole numbers, amounts of money, names. Pure.

Every function raises ValueError with a reason for people when the cell does not hold what it should.
"""

import re
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, tzinfo

from mingsuan import money
from mingsuan.clock import start_of

EARLIEST_YEAR = 1900
LARGEST_AMOUNT = 10**15
LARGEST_QUANTITY = 10**9
LONGEST_NAME = 500
_TIME = re.compile(r"%[HIMSfpcXRT]")
_UNSEPARATED = re.compile(r"%[YymdjHMSf]%[YymdjHMSf]")


def name_of(text: str) -> str:
    """A name or number that identifies something, without surrounding blanks."""
    name = text.strip()
    if not name:
        raise ValueError("is empty")
    if any(unicodedata.category(character) == "Cc" for character in name):
        raise ValueError(f"{name!r} has control characters")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"{name[:20]!r}… is longer than {LONGEST_NAME} characters")
    return name


def instant_of(cell: str | date, formats: Sequence[str], zone: tzinfo, now: datetime) -> datetime:
    """An instant; a date without a time is the start of that business date in `zone`."""
    if isinstance(cell, str):
        if not cell.strip():
            raise ValueError("is empty")
        instant = _parsed(cell.strip(), formats, zone)
    elif isinstance(cell, datetime):
        instant = cell.replace(tzinfo=zone) if cell.tzinfo is None else cell
    else:
        instant = start_of(cell, zone)
    if instant.year < EARLIEST_YEAR:
        raise ValueError(f"{_shown(cell)!r} lies before {EARLIEST_YEAR}")
    if instant > now:
        raise ValueError(f"{_shown(cell)!r} lies in the future")
    return instant.astimezone(UTC)


def _shown(cell: str | date) -> str:
    return cell if isinstance(cell, str) else cell.isoformat()


def _parsed(text: str, formats: Sequence[str], zone: tzinfo) -> datetime:
    for form in formats:
        try:
            local = datetime.strptime(text, form)  # noqa: DTZ007  (the zone follows)
        except ValueError:
            continue
        if _UNSEPARATED.search(form) and local.strftime(form) != text:
            continue  # strptime reads 1997131 as 31 January
        if local.tzinfo is not None:
            return local
        if local.year < EARLIEST_YEAR:
            raise ValueError(f"{text!r} lies before {EARLIEST_YEAR}")
        return local.replace(tzinfo=zone) if _TIME.search(form) else start_of(local.date(), zone)
    raise ValueError(f"{text!r} is not a date ({' or '.join(formats)})")


def whole_of(text: str, thousands: str = "") -> int:
    """A whole number from 1."""
    if not text.strip():
        raise ValueError("is empty")
    digits = _ungrouped(text.strip(), thousands, "")
    if digits is None or not re.fullmatch(r"-?[0-9]+(\.0+)?", digits):
        raise ValueError(f"{text.strip()!r} is not a whole number")
    number = int(digits.partition(".")[0])
    if number < 1:
        raise ValueError(f"{text.strip()!r} is not at least 1")
    if number > LARGEST_QUANTITY:
        raise ValueError(f"{text.strip()!r} is too large")
    return number


def amount_of(text: str, currency: str, decimal: str = ".", thousands: str = "") -> int:
    """Minor units of an amount that is not negative."""
    shown = text.strip()
    if not shown:
        raise ValueError("is empty")
    plain = _ungrouped(shown, thousands, decimal)
    if plain is None or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", plain):
        raise ValueError(f"{shown!r} is not an amount of money")
    try:
        fen = money.parse(plain, currency)
    except ValueError:
        raise ValueError(f"{shown!r} has fractions finer than the minor unit of {currency}") from None
    if fen < 0:
        raise ValueError(f"{shown!r} is negative")
    if fen > LARGEST_AMOUNT:
        raise ValueError(f"{shown!r} is too large")
    return fen


def _ungrouped(text: str, thousands: str, decimal: str) -> str | None:
    """With a point and without groups of thousands; None when a group does not have three digits."""
    whole, point, fraction = text.partition(decimal) if decimal else (text, "", "")
    if thousands and thousands in whole:
        groups = whole.lstrip("-").split(thousands)
        if not 1 <= len(groups[0]) <= 3 or any(len(group) != 3 for group in groups[1:]):
            return None
        whole = whole.replace(thousands, "")
    if decimal != "." and "." in whole:
        return whole if not point and not decimal else None
    return f"{whole}.{fraction}" if point else whole
