"""What the law of the shop's place lets it do with people's money and data. Pure; an operator's own counsel decides.

Mainland China: a wallet that is topped up and paid out risks being an unlicensed payment business, so credit comes from
refunds and the shop alone, and money leaves the way it came.
"""

from dataclasses import dataclass
from typing import Literal

ProfileName = Literal["mainland", "stored_value"]


@dataclass(frozen=True, slots=True)
class Profile:
    """`withdraw_to`: back to the payments that brought the money, or to a bank account in the customer's own name too.

    `identity_kept_days`: how long name and identity number are kept after the check was decided.
    """

    name: ProfileName
    top_up: bool
    withdraw_to: Literal["original", "bank"]
    identity_kept_days: int
    minimum_age: int = 18
    largest_balance_fen: int = 500_000


PROFILES: dict[ProfileName, Profile] = {
    "mainland": Profile("mainland", top_up=False, withdraw_to="original", identity_kept_days=180),
    "stored_value": Profile("stored_value", top_up=True, withdraw_to="bank", identity_kept_days=5 * 365),
}


def profile(name: ProfileName) -> Profile:
    """The profile that the setting names."""
    return PROFILES[name]
