"""How Alipay writes amounts and times, and its refusals."""

from datetime import datetime
from zoneinfo import ZoneInfo

from mingsuan import money

BEIJING = ZoneInfo("Asia/Shanghai")
TIME = "%Y-%m-%d %H:%M:%S"
SUCCESS = {"code": "10000", "msg": "Success"}
REFUSALS = {
    "not_found": ("ACQ.TRADE_NOT_EXIST", "交易不存在"),
    "paid": ("ACQ.TRADE_HAS_SUCCESS", "交易已被支付"),
    "closed": ("ACQ.TRADE_HAS_CLOSE", "交易已经关闭"),
    "reused": ("ACQ.CONTEXT_INCONSISTENT", "交易信息被篡改"),
    "not_paid": ("ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
    "not_enough": ("ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限"),
    "shared_out": ("ACQ.SELLER_BALANCE_NOT_ENOUGH", "卖家余额不足"),
}


class Refused(Exception):  # noqa: N818  (Alipay's answer, not a failure)
    """Alipay says no: `sub_code` and `sub_msg` of an answer with this code."""

    def __init__(self, sub_code: str, sub_msg: str, code: str = "40004") -> None:
        super().__init__(sub_code)
        self.answer = {
            "code": code,
            "msg": "Business Failed" if code == "40004" else "Invalid Arguments",
            "sub_code": sub_code,
            "sub_msg": sub_msg,
        }


def yuan(fen: int) -> str:
    return money.plain(fen, "CNY")


def fen(text: object) -> int:
    """Raises Refused unless it is an amount above zero."""
    try:
        amount = money.parse(str(text), "CNY")
    except ValueError:
        amount = 0
    if amount <= 0:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效")
    return amount


def written(instant: datetime | None) -> str:
    return instant.astimezone(BEIJING).strftime(TIME) if instant else ""


def instant(text: str) -> datetime:
    """Raises Refused."""
    try:
        return datetime.strptime(text, TIME).replace(tzinfo=BEIJING)
    except ValueError:
        raise Refused("ACQ.INVALID_PARAMETER", "参数无效") from None
