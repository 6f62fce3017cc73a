"""How the simulated WeChat Pay words what its book says, as JSON, and the forms of the requests that it takes."""

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BaseModel, Field, StringConstraints

from simulation.gateways.entries import BookedRefund, BookedShare, BookedTrade
from simulation.gateways.keys import WECHAT_APPID, WECHAT_MCHID

ZONE = ZoneInfo("Asia/Shanghai")
TRADE_TYPES = {"native": "NATIVE", "h5": "MWEB", "jsapi": "JSAPI"}
TRADE_STATES = {
    "waiting": ("NOTPAY", "订单未支付"),
    "paid": ("SUCCESS", "支付成功"),
    "closed": ("CLOSED", "订单已关闭"),
}
REFUND_STATES = {"processing": "PROCESSING", "succeeded": "SUCCESS", "failed": "ABNORMAL"}
SHARE_RESULTS = {"processing": "PENDING", "succeeded": "SUCCESS", "failed": "CLOSED"}
RETURN_RESULTS = {"processing": "PROCESSING", "succeeded": "SUCCESS", "failed": "FAILED"}

TradeNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*@]{6,32}$")]
RefundNo = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-|*@]{1,64}$")]
Amount = Annotated[int, Field(strict=True, gt=0)]
NoticeUrl = Annotated[str, StringConstraints(pattern=r"^https?://[^?#]+$", max_length=255)]


class PayAmount(BaseModel):
    total: Amount
    currency: Annotated[str, StringConstraints(pattern="^CNY$")] = "CNY"


class Payer(BaseModel):
    openid: Annotated[str, StringConstraints(min_length=1, max_length=128)]


class Scene(BaseModel):
    payer_client_ip: Annotated[str, StringConstraints(min_length=2, max_length=45)]


class Settling(BaseModel):
    profit_sharing: bool = False


class PayForm(BaseModel):
    appid: str
    mchid: str
    description: Annotated[str, StringConstraints(min_length=1, max_length=127)]
    out_trade_no: TradeNo
    notify_url: NoticeUrl
    amount: PayAmount
    time_expire: datetime | None = None
    payer: Payer | None = None
    scene_info: Scene | None = None
    settle_info: Settling = Settling()


class CloseForm(BaseModel):
    mchid: str


class RefundAmount(BaseModel):
    refund: Amount
    total: Amount
    currency: Annotated[str, StringConstraints(pattern="^CNY$")]


class RefundForm(BaseModel):
    out_refund_no: RefundNo
    amount: RefundAmount
    transaction_id: str | None = None
    out_trade_no: str | None = None
    reason: Annotated[str, StringConstraints(max_length=80)] = ""
    notify_url: NoticeUrl | None = None


class Receiver(BaseModel):
    type: Annotated[str, StringConstraints(pattern="^(MERCHANT_ID|PERSONAL_OPENID)$")]
    account: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    amount: Amount
    description: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class ShareForm(BaseModel):
    """The simulation shares with one receiver an order; the real gateway takes up to 50."""

    transaction_id: str
    out_order_no: RefundNo
    receivers: Annotated[list[Receiver], Field(min_length=1, max_length=1)]
    unfreeze_unsplit: bool


class ReturnForm(BaseModel):
    out_order_no: str
    out_return_no: RefundNo
    return_mchid: str
    amount: Amount
    description: Annotated[str, StringConstraints(min_length=1, max_length=80)]


class UnfreezeForm(BaseModel):
    transaction_id: str
    out_order_no: RefundNo
    description: Annotated[str, StringConstraints(min_length=1, max_length=80)]


def instant(at: datetime) -> str:
    """RFC 3339 in Beijing's zone, to the second."""
    return at.astimezone(ZONE).isoformat(timespec="seconds")


def trade_json(trade: BookedTrade, *, refunded: bool = False) -> dict[str, object]:
    """As a query answers and a notice carries it."""
    state, description = ("REFUND", "转入退款") if refunded else TRADE_STATES[trade.state]
    said: dict[str, object] = {
        "appid": WECHAT_APPID,
        "mchid": WECHAT_MCHID,
        "out_trade_no": trade.out_trade_no,
        "trade_state": state,
        "trade_state_desc": description,
        "amount": {"total": trade.amount_fen, "currency": "CNY"},
    }
    if trade.paid_fen is None or trade.paid_at is None:
        return said
    return said | {
        "transaction_id": trade.gateway_trade_no,
        "trade_type": TRADE_TYPES.get(trade.way, "NATIVE"),
        "bank_type": "OTHERS",
        "attach": "",
        "success_time": instant(trade.paid_at),
        "payer": {"openid": trade.payer or "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"},
        "amount": {
            "total": trade.paid_fen,
            "payer_total": trade.paid_fen,
            "currency": "CNY",
            "payer_currency": "CNY",
        },
    }


def refund_json(refund: BookedRefund, trade: BookedTrade) -> dict[str, object]:
    """As the refund's API answers it."""
    said: dict[str, object] = {
        "refund_id": refund.gateway_refund_no,
        "out_refund_no": refund.out_refund_no,
        "transaction_id": refund.gateway_trade_no,
        "out_trade_no": refund.out_trade_no,
        "channel": "ORIGINAL",
        "user_received_account": "支付用户零钱",
        "create_time": instant(refund.created_at),
        "status": REFUND_STATES[refund.state],
        "funds_account": "AVAILABLE",
        "amount": {
            "total": trade.paid_fen,
            "refund": refund.amount_fen,
            "payer_total": trade.paid_fen,
            "payer_refund": refund.amount_fen,
            "settlement_refund": refund.amount_fen,
            "settlement_total": trade.paid_fen,
            "discount_refund": 0,
            "currency": "CNY",
        },
    }
    if refund.state == "succeeded" and refund.succeeded_at is not None:
        said["success_time"] = instant(refund.succeeded_at)
    return said


def share_json(share: BookedShare) -> dict[str, object]:
    """A share or a release as its API answers it; a release names the merchant itself as receiver."""
    ended = {"finish_time": instant(share.ended_at)} if share.ended_at is not None else {}
    failed = {"fail_reason": share.reason} if share.state == "failed" else {}
    receiver = {
        "amount": share.amount_fen,
        "description": share.description,
        "type": "PERSONAL_OPENID" if not share.receiver.isdecimal() else "MERCHANT_ID",
        "account": share.receiver,
        "result": SHARE_RESULTS[share.state],
        "create_time": instant(share.created_at),
        "detail_id": share.gateway_share_no,
        **ended,
        **failed,
    }
    return {
        "transaction_id": share.gateway_trade_no,
        "out_order_no": share.out_order_no,
        "order_id": share.gateway_share_no,
        "state": "PROCESSING" if share.state == "processing" else "FINISHED",
        "receivers": [receiver],
    }


def return_json(share: BookedShare) -> dict[str, object]:
    ended = {"finish_time": instant(share.ended_at)} if share.ended_at is not None else {}
    failed = {"fail_reason": share.reason} if share.state == "failed" else {}
    return {
        "out_order_no": share.original,
        "out_return_no": share.out_order_no,
        "return_id": share.gateway_share_no,
        "return_mchid": share.receiver,
        "amount": share.amount_fen,
        "description": share.description,
        "result": RETURN_RESULTS[share.state],
        "create_time": instant(share.created_at),
        **ended,
        **failed,
    }
