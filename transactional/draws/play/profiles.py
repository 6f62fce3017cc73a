"""What the law of a place lets draws do there, as data. Pure; no legal advice: an operator's own counsel decides.

Mainland China: a prize of a promotional draw is worth ¥50,000 at most, and a chance for money that is not given back is
disguised gambling, verifiable or not. Great Britain: a free route, 18 or over and verified, limits asked for before the
first stake.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal

ProfileName = Literal["mainland", "great_britain", "elsewhere"]
ALL_MODES = frozenset({"promotional", "refundable", "paid"})
PRICED = frozenset({"refundable", "paid"})
DAY = timedelta(days=1)
TIME_OUTS = (DAY, 7 * DAY, 30 * DAY, 42 * DAY)
"""How long a customer may ask to be left alone: a day, a week, a month, six weeks."""
EXCLUSIONS = (184 * DAY, 366 * DAY, 1827 * DAY)
"""Half a year at the least, one year, five years; never shorter than their names, whatever the months."""
LOOSER_AFTER = DAY
"""How long a customer waits until a limit that they raised is in force."""
WINDOWS = {"stake_day": DAY, "stake_week": 7 * DAY, "stake_month": 30 * DAY, "loss_month": 30 * DAY}
"""By kind of limit, the time up to now over which money is added up."""


@dataclass(frozen=True, slots=True)
class Profile:
    """Sets hold modes. `by_opinion`: off until two people switched them on, on a recorded opinion that is still valid.

    `prize_cap_fen` by mode, in `cap_currency`; `free_route`: a way in without money or purchase is needed; `adults`:
    identity verified and of `least_age`; `ceilings_fen` by kind of limit, for everybody; `limits_first`: the customer
    says which limits they want before the first stake. `prize_tax_percent` is withheld from a prize's value.
    """

    name: ProfileName
    countries: frozenset[str]
    modes: frozenset[str]
    by_opinion: frozenset[str] = frozenset()
    prize_cap_fen: Mapping[str, int] = field(default_factory=dict)
    cap_currency: str = ""
    free_route: frozenset[str] = frozenset()
    adults: frozenset[str] = PRICED
    least_age: int = 18
    ceilings_fen: Mapping[str, int] = field(default_factory=dict)
    limits_first: frozenset[str] = frozenset()
    prize_tax_percent: int = 0


PROFILES: Mapping[str, Profile] = {
    "mainland": Profile(
        "mainland",
        countries=frozenset({"CN"}),
        modes=frozenset({"promotional", "refundable"}),
        prize_cap_fen={"promotional": 5_000_000, "refundable": 5_000_000},
        cap_currency="CNY",
        ceilings_fen={"stake_day": 500_000, "stake_month": 2_000_000},
        prize_tax_percent=20,
    ),
    "great_britain": Profile(
        "great_britain",
        countries=frozenset({"GB"}),
        modes=ALL_MODES,
        by_opinion=frozenset({"paid"}),
        free_route=ALL_MODES,
        limits_first=PRICED,
    ),
    "elsewhere": Profile(
        "elsewhere",
        countries=frozenset(),
        modes=frozenset({"promotional"}),
        free_route=frozenset({"promotional"}),
    ),
}


def of_country(country: str) -> Profile:
    """The profile of customers of a country (ISO 3166-1); most of the world has the careful one."""
    return next((each for each in PROFILES.values() if country in each.countries), PROFILES["elsewhere"])
