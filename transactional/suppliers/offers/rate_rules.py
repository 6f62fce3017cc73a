"""Sums in a supplier's currency as minor units of the shop's. Pure; where rates come from is `rates`."""

from decimal import ROUND_HALF_UP, Decimal

from mingsuan.money import minor_digits

ONE = Decimal(1)


def own_rate(currency: str) -> Decimal:
    """Minor units in one unit of the shop's own currency."""
    return Decimal(10) ** minor_digits(currency)


def to_fen(amount: Decimal, rate: Decimal) -> int:
    """Minor units of the shop's currency; `rate` is how many of them one unit of the amount's is worth
    (`rates.fen_per`). Rounded here and nowhere else, half away from zero.
    """
    return int((amount * rate).quantize(ONE, ROUND_HALF_UP))
