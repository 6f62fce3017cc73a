"""Names and identity numbers of people in mainland China: what can be one, and what it tells. Pure.

GB 11643-1999: six digits of place, eight of birth, three of sequence, and a check character by ISO 7064 MOD 11-2.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from transactional.errors import FieldProblem

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
PROVINCES = frozenset(
    {*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83}
)
"""First two digits: GB/T 2260; 81 to 83 are residence permits of people from Hong Kong, Macao and Taiwan."""
OLDEST = 130
SHAPE = re.compile(r"[1-9][0-9]{16}[0-9X]")
NAME = re.compile(
    "[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+(·[\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U000323af]+)*"
)
LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Person:
    """A name and number that can be somebody's. Never printed by accident."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    born: date = field(repr=False)

    def age(self, on: date) -> int:
        """Whole years; a birthday counts from its day on, 29 February's from 1 March in other years."""
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


def check_character(first: str) -> str:
    """The eighteenth sign of a number, from its first seventeen."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first, strict=True))
    return CHECK_CHARACTERS[total % 11]


def read(name: str, number: str, today: date) -> Person | list[FieldProblem]:
    """The person, or what is wrong; signs of full width, spaces and a small x are forgiven."""
    known_name, known_number = _name(name), "".join(unicodedata.normalize("NFKC", number).split()).upper()
    faults = []
    if len(known_name) < 2 or len(known_name) > LONGEST_NAME or not NAME.fullmatch(known_name):
        faults.append(FieldProblem("name", "Please give the name as it is on the identity card."))
    born = _born(known_number, today)
    if born is None:
        faults.append(FieldProblem("number", "This is not an identity number. Please check every digit."))
    return faults or Person(known_name, known_number, born or today)


def masked_name(name: str) -> str:
    """李*: enough for its owner."""
    return f"{name[:1]}{'*' * (len(name) - 1)}"


def masked_number(number: str) -> str:
    """3****************4: as banks show it."""
    return f"{number[:1]}{'*' * (len(number) - 2)}{number[-1:]}"


def _name(text: str) -> str:
    plain = "".join(text.split())
    return re.sub("[•‧∙⋅・．.]", "·", plain)


def _born(number: str, today: date) -> date | None:
    if not SHAPE.fullmatch(number) or check_character(number[:17]) != number[17] or number[14:17] == "000":
        return None
    if int(number[:2]) not in PROVINCES:
        return None
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None
    return born if born <= today and today.year - born.year <= OLDEST else None
