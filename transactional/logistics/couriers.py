"""The couriers that parcels go with, by the code that the tracking service calls them by. Pure."""

import re

COURIERS: dict[str, tuple[str, str]] = {
    "shunfeng": ("顺丰速运", "SF Express"),
    "zhongtong": ("中通快递", "ZTO Express"),
    "yuantong": ("圆通速递", "YTO Express"),
    "yunda": ("韵达快递", "Yunda Express"),
    "shentong": ("申通快递", "STO Express"),
    "jtexpress": ("极兔速递", "J&T Express"),
    "jd": ("京东物流", "JD Logistics"),
    "ems": ("EMS", "EMS"),
    "youzhengguonei": ("邮政快递包裹", "China Post"),
    "debangkuaidi": ("德邦快递", "Deppon Express"),
    "danniao": ("丹鸟", "Danniao"),
    "other": ("其他快递", "Another courier"),
}
"""Code: name in Chinese, in English."""
UNTRACKED = frozenset({"other"})
WANTS_PHONE = frozenset({"shunfeng"})
"""Couriers that say nothing without the last four digits of a telephone number of the parcel's."""
OTHER_WORDS = {"顺丰": "shunfeng", "sf": "shunfeng", "中通": "zhongtong", "zto": "zhongtong", "圆通": "yuantong"}
OTHER_WORDS |= {"yto": "yuantong", "韵达": "yunda", "申通": "shentong", "sto": "shentong", "极兔": "jtexpress"}
OTHER_WORDS |= {"京东": "jd", "邮政": "youzhengguonei", "中国邮政": "youzhengguonei", "德邦": "debangkuaidi"}
NUMBER = re.compile(r"[A-Z0-9-]{6,40}")


def courier_code(written: str) -> str | None:
    """The code of a courier that staff wrote by code or by name; None for one that is not known."""
    word = written.strip().casefold()
    names = {name.casefold(): code for code, both in COURIERS.items() for name in both}
    return word if word in COURIERS else names.get(word) or OTHER_WORDS.get(word)


def tracking_number(written: str) -> str | None:
    """The number as it is kept: capitals, no blanks; None when it is none."""
    number = "".join(written.split()).upper()
    return number if NUMBER.fullmatch(number) else None
