"""Numbers under which gateways know the shop's payments, refunds and shares. Each is given once and never again."""

import secrets
from datetime import datetime, tzinfo

from mingsuan.clock import business_date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RANDOM_SIGNS = 16


def fresh(kind: str, at: datetime, zone: tzinfo) -> str:
    """A letter for the kind, the business date and 80 random bits: 25 signs, which every gateway accepts."""
    return f"{kind}{business_date(at, zone):%Y%m%d}" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_SIGNS))
