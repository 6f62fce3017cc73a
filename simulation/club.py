"""The simulated shop's own club: memberships that are sold with a period and earned day by day."""

from simulation.catalogue import Category, Product, Sku, Variant

CLUB = Category(
    "club",
    "本店会员",
    "Club",
    0.0,
    "付款后会员立即生效，可在「我的权益」中查看到期日。",
    "The membership starts with the payment; see when it ends under “My benefits”.",
)
CLUB_PRODUCT = Product(
    "club", "mingxuan-club", "明选会员", "Mingxuan Club",
    "会员专享客服与每月补贴，连续购买自动顺延。",
    "Priority support and monthly vouchers; bought again, it is prolonged.",
    "", 0,
    (
        Variant("MX-M-30D", "月会员（30 天）", "30 days", 1500),
        Variant("MX-M-90D", "季会员（90 天）", "90 days", 3900),
    ),
)  # fmt: skip
DURATION_DAYS = {"MX-M-30D": 30, "MX-M-90D": 90}
"""By the variant's code."""


def club_skus() -> list[Sku]:
    """The memberships; nobody finds them in a basket by chance."""
    return [Sku(CLUB_PRODUCT, variant, 0.0) for variant in CLUB_PRODUCT.variants]
