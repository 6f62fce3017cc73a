"""Taxpayer numbers and files of invoices, against numbers that exist."""

import io
import zipfile

import pytest

from transactional.invoices.rules import SIGNS, check_sign, file_type_of, is_credit_code, plain_code

# As printed in the companies' annual reports and shown by 国家企业信用信息公示系统 (gsxt.gov.cn).
# The first is the example in the documentation of python-stdnum (stdnum.cn.uscc).
REAL = (
    "91110000600037341L",
    "914403001922038216",  # 华为技术有限公司
    "9144030071526726XG",  # 深圳市腾讯计算机系统有限公司
    "91330100799655058B",  # 阿里巴巴（中国）有限公司
    "91110000802100433B",  # 北京百度网讯科技有限公司
    "91110108551385082Q",  # 小米科技有限责任公司
    "91100000100003962T",  # 中国工商银行股份有限公司
    "91110000710925462X",  # 中国石油天然气股份有限公司
    "91440300192181490G",  # 万科企业股份有限公司
    "91440300100012316L",  # 中国平安保险（集团）股份有限公司
    "91440300192317458F",  # 比亚迪股份有限公司
    "91440606722473344C",  # 美的集团股份有限公司
)


@pytest.mark.parametrize("code", REAL)
def test_numbers_of_real_companies_pass_and_none_of_their_neighbours_do(code: str) -> None:
    assert is_credit_code(code)
    for place, sign in enumerate(code):
        wrong = [code[:place] + other + code[place + 1 :] for other in SIGNS if other != sign]
        assert not any(is_credit_code(each) for each in wrong), place


@pytest.mark.parametrize("code", REAL)
def test_the_standard_s_own_weights_give_the_same_sign(code: str) -> None:
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(SIGNS.index(sign) * weight for sign, weight in zip(code[:17], weights, strict=True))
    assert check_sign(code[:17]) == code[17] == SIGNS[(31 - total % 31) % 31]


@pytest.mark.parametrize("typed", ["", "91110000600037342L", "9111000060003734", "91110000600037341I", "９" * 18])
def test_what_is_no_taxpayer_number_is_refused(typed: str) -> None:
    assert not is_credit_code(typed)


def test_blanks_and_small_letters_are_one_spelling() -> None:
    assert plain_code(" 9111 0000-6000 3734 1l ") == "91110000600037341L"


def test_a_file_is_what_its_bytes_say() -> None:
    ofd, other = io.BytesIO(), io.BytesIO()
    with zipfile.ZipFile(ofd, "w") as parts:
        parts.writestr("OFD.xml", "<ofd/>")
    with zipfile.ZipFile(other, "w") as parts:
        parts.writestr("evil.html", "<script>")
    files = (b"%PDF-1.7\n", ofd.getvalue(), other.getvalue(), b"<html>", b"", b"PK\x03\x04broken")
    assert [file_type_of(content) for content in files] == ["pdf", "ofd", None, None, None, None]
