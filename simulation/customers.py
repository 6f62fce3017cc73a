"""Who comes to the simulated shop, when for the first time, and when again."""

from collections.abc import Sequence
from datetime import date
from random import Random

from simulation.catalogue import CATEGORIES
from simulation.law import CHANNELS, draw_occasions
from simulation.planned import PlannedCustomer
from simulation.seasons import busyness

FIRST_NAMES = ("晨光", "青柠", "北岸", "南风", "雪松", "琥珀", "星河", "白露", "山月", "海盐", "秋千", "竹影")
LAST_NAMES = ("小鹿", "旅人", "画师", "厨师", "船长", "同学", "骑士", "邮差", "猫猫", "先生", "女士", "园丁")
METHODS = ("wechat", "alipay", "wallet")
METHOD_WEIGHTS = (0.56, 0.30, 0.14)
GROWTH = 0.8
"""The shop wins this much more customers a day at the end than at the beginning."""


def planned_customers(rng: Random, count: int, days: Sequence[date]) -> list[PlannedCustomer]:
    """In order of their first day."""
    weights = [busyness(day) * (1 + GROWTH * n / len(days)) for n, day in enumerate(days)]
    firsts = sorted(rng.choices(days, weights, k=count))
    return [_customer(rng, number, first, days[-1]) for number, first in enumerate(firsts)]


def _customer(rng: Random, number: int, first: date, last: date) -> PlannedCustomer:
    channel = rng.choices(CHANNELS, [channel.weight for channel in CHANNELS])[0]
    return PlannedCustomer(
        number=number,
        name=f"{rng.choice(FIRST_NAMES)}{rng.choice(LAST_NAMES)}{rng.randrange(1000):03}",
        channel=channel.name,
        taste=rng.choices(CATEGORIES, [category.weight for category in CATEGORIES])[0].slug,
        pays_by=rng.choices(METHODS, METHOD_WEIGHTS)[0],
        occasions=tuple(draw_occasions(rng, channel, first, last)),
    )
