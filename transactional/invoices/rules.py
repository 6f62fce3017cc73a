"""What an invoice may say: whose it is, taxpayer numbers that can exist, files that are what they claim. Pure."""

import re
import zipfile
from io import BytesIO
from typing import Literal

STATES = ("requested", "issued", "refused", "red_flushed")
KINDS = ("person", "company")
FILE_TYPES = ("pdf", "ofd")
MOST_ORDERS = 50
LARGEST_FILE_BYTES = 2 * 2**20

SIGNS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""GB 32100-2015, table 3: no I, O, S, V, Z."""
WEIGHTS = tuple(3**place % 31 for place in range(17))
CREDIT_CODE = re.compile(rf"[{SIGNS}]{{2}}[0-9]{{6}}[{SIGNS}]{{10}}")
FileType = Literal["pdf", "ofd"]


def plain_code(typed: str) -> str:
    """A taxpayer number in one spelling: capitals, no blanks, no hyphens."""
    return re.sub(r"[\s-]", "", typed).upper()


def is_credit_code(code: str) -> bool:
    """Whether it is a unified social credit code (统一社会信用代码) by form and check sign (GB 32100-2015, 4.6)."""
    return CREDIT_CODE.fullmatch(code) is not None and code[17] == check_sign(code[:17])


def check_sign(first: str) -> str:
    """The 18th sign: 31 less the weighted sum of the first 17, modulo 31."""
    total = sum(SIGNS.index(sign) * weight for sign, weight in zip(first, WEIGHTS, strict=True))
    return SIGNS[(31 - total % 31) % 31]


def file_type_of(content: bytes) -> FileType | None:
    """What a file is by its own first bytes, whatever it is called; None for anything but PDF and OFD (GB/T 33190)."""
    if content.startswith(b"%PDF-"):
        return "pdf"
    try:
        with zipfile.ZipFile(BytesIO(content)) as parts:
            return "ofd" if "OFD.xml" in parts.namelist() else None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return None
