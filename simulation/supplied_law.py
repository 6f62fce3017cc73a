"""The suppliers of a simulated past, their channels, and the hidden law of each: what the shop can only estimate.

All names are invented, and nobody answers at these channels any more: a history leaves them paused.
"""

from dataclasses import dataclass
from math import exp
from typing import Literal

PRODUCTS = ("starcurtain", "star-marshal", "swift-data", "mothshield")
"""Slugs of the catalogue that are bought when they are sold: about a third of what the shop sells."""
INVERTED = "star-marshal"
"""What costs more than its price for a night, because all who supply it raised it together."""
CURRENCY = "CNY"
FOREIGN = "USD"
Z_95, Z_99 = 1.6448536269514722, 2.3263478740408408


@dataclass(frozen=True, slots=True)
class Vendor:
    """A business that the shop bought from."""

    key: str
    name: str
    currency: str
    terms: Literal["prepaid", "on_account"]

    @property
    def is_prepaid(self) -> bool:
        return self.terms == "prepaid"


@dataclass(frozen=True, slots=True)
class ChannelLaw:
    """How a channel truly is. Rates are shares.

    `level` is its price to the product's first cost. Of its purchases, `silent` get no answer: of those, `silent_good`
    and `silent_bad` turn out later to be bought or not, the others are written off. Of those with an answer `success`
    bring a code after a log-normal time (median `good_s`), the others are refused for sure after another (`lag_s`):
    so long the money is away. Of the codes, `defect` are bad, of which the supplier makes `recovered` good.
    """

    code: str
    title: str
    vendor: str
    protocol: str
    level: float
    products: tuple[str, ...]
    success: float
    silent: float
    silent_good: float
    silent_bad: float
    good_s: float
    good_sigma: float
    lag_s: float
    lag_sigma: float
    defect: float
    recovered: float

    @property
    def success_in_the_end(self) -> float:
        """Share of all purchases that bring a code for the order, sooner or later."""
        return (1 - self.silent) * self.success + self.silent * self.silent_good

    def good_quantile_s(self, z: float) -> float:
        """Seconds to a code of purchases with an answer, at a standard normal quantile."""
        return self.good_s * exp(self.good_sigma * z)


VENDORS = (
    Vendor("yunhe", "云禾数权（模拟）", CURRENCY, "prepaid"),
    Vendor("tongda", "通达卡券（模拟）", CURRENCY, "on_account"),
    Vendor("jinli", "锦鲤批发（模拟）", CURRENCY, "on_account"),
    Vendor("pacific", "Pacific Codes (simulated)", FOREIGN, "prepaid"),
)
_LAWS = (
    # code, title, vendor, protocol, level, products, success, silent, good, bad, good_s, σ, lag_s, σ, defect, recovered
    ("yunhe-fast", "云禾 · 极速", "yunhe", "fulu", 0.955, PRODUCTS,
     0.985, 0.006, 0.55, 0.25, 3.0, 0.45, 12.0, 0.6, 0.003, 0.95),
    ("yunhe-bulk", "云禾 · 批量", "yunhe", "fulu", 0.925, ("starcurtain", "star-marshal"),
     0.93, 0.015, 0.50, 0.30, 12.0, 0.60, 60.0, 0.8, 0.012, 0.80),
    ("tongda-a", "通达 · 甲店", "tongda", "hmac_card", 0.945, ("star-marshal", "swift-data", "mothshield"),
     0.97, 0.012, 0.50, 0.30, 6.0, 0.50, 25.0, 0.6, 0.008, 0.85),
    ("tongda-b", "通达 · 乙店", "tongda", "hmac_card", 0.915, ("starcurtain", "swift-data"),
     0.89, 0.025, 0.45, 0.35, 18.0, 0.70, 180.0, 0.8, 0.020, 0.60),
    ("jinli-open", "锦鲤 · 散货", "jinli", "hmac_card", 0.885, ("star-marshal", "swift-data", "mothshield"),
     0.74, 0.050, 0.35, 0.35, 45.0, 0.80, 420.0, 0.8, 0.060, 0.30),
    ("pacific-gift", "Pacific · gift codes", "pacific", "reloadly", 0.93, ("starcurtain", "mothshield"),
     0.955, 0.018, 0.55, 0.25, 8.0, 0.60, 40.0, 0.7, 0.006, 0.75),
)  # fmt: skip
CHANNELS = tuple(ChannelLaw(*one) for one in _LAWS)
VENDOR_OF = {channel.code: vendor for channel in CHANNELS for vendor in VENDORS if vendor.key == channel.vendor}
