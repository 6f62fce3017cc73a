"""What an address in China consists of, and whether one that was typed can be one. Pure."""

import re
from collections.abc import Mapping

from transactional.errors import FieldProblem

PROVINCES = (
    *("北京市", "天津市", "河北省", "山西省", "内蒙古自治区", "辽宁省", "吉林省", "黑龙江省", "上海市", "江苏省"),
    *("浙江省", "安徽省", "福建省", "江西省", "山东省", "河南省", "湖北省", "湖南省", "广东省", "广西壮族自治区"),
    *("海南省", "重庆市", "四川省", "贵州省", "云南省", "西藏自治区", "陕西省", "甘肃省", "青海省"),
    *("宁夏回族自治区", "新疆维吾尔自治区", "台湾省", "香港特别行政区", "澳门特别行政区"),
)
"""First level of GB/T 2260, in its order."""
LONGEST = {"recipient": 40, "city": 40, "district": 40, "street": 160}
OPTIONAL = frozenset({"district", "postcode"})
"""Some cities, such as Dongguan, have no districts."""
FIELDS = ("recipient", "phone", "province", "city", "district", "street", "postcode")
POSTCODE = re.compile(r"[0-9]{6}")


def problems(given: Mapping[str, str]) -> list[FieldProblem]:
    """What is wrong with it, field by field; the telephone number is looked at elsewhere."""
    found = [FieldProblem(name, _fault(name, given.get(name, ""))) for name in FIELDS if name != "phone"]
    return [problem for problem in found if problem.reason]


def _fault(name: str, value: str) -> str:
    if not value:
        return "" if name in OPTIONAL else "Is required."
    if not value.isprintable() or len(value) > LONGEST.get(name, 40):
        return "This is not a value that can be used here."
    if name == "province" and value not in PROVINCES:
        return "Please choose a province from the list."
    if name == "postcode" and not POSTCODE.fullmatch(value):
        return "A postcode has six digits."
    if name == "street" and len(value) < 2:
        return "Please give street and house number."
    return ""
