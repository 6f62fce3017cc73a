"""Order numbers: what people read out and gateways are given."""

import secrets
from datetime import date

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: nothing that is mistaken for another
RANDOM_SIGNS = 10


def order_number(day: date) -> str:
    """Business date and ten random signs (50 bits): unique by the database's constraint, tells nobody the volume."""
    return f"{day:%Y%m%d}" + "".join(secrets.choice(ALPHABET) for _ in range(RANDOM_SIGNS))
