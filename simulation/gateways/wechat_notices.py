"""Notices of the simulated WeChat Pay: signed, sealed, and tampered with on demand."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

import httpx

from simulation.gateways.deliveries import Letter, Message
from simulation.gateways.entries import BookedRefund, BookedTrade
from simulation.gateways.keys import WECHAT_MCHID
from simulation.gateways.misbehaviour import Tampering
from simulation.gateways.state import State
from simulation.gateways.wechat_signing import sealed, signature_headers, spoilt
from simulation.gateways.wechat_words import instant, refund_json, trade_json

STRANGE_SERIAL = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1"
STALE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WechatNotices:
    """Announces payments and refunds."""

    state: State

    def paid(self, trade: BookedTrade) -> Letter:
        return self._letter(f"paid:{trade.out_trade_no}", trade.notify_url, "TRANSACTION.SUCCESS", trade_json(trade))

    def refunded(self, refund: BookedRefund) -> Letter | None:
        """None when neither the refund nor anything else says where to."""
        trade = self.state.book.trade("wechat", refund.out_trade_no)
        if trade is None or not refund.notify_url:
            return None
        full = refund_json(refund, trade)
        kept = ("transaction_id", "out_trade_no", "refund_id", "out_refund_no", "success_time", "user_received_account")
        resource = {name: full[name] for name in kept if name in full}
        resource |= {"mchid": WECHAT_MCHID, "refund_status": full["status"], "amount": full["amount"]}
        event = "REFUND.SUCCESS" if refund.state == "succeeded" else "REFUND.ABNORMAL"
        return self._letter(f"refunded:{refund.out_refund_no}", refund.notify_url, event, resource)

    def return_address(self, trade: BookedTrade) -> str:
        return trade.return_url

    def _letter(self, name: str, url: str, event: str, resource: Mapping[str, object]) -> Letter:
        def write(tampering: Tampering) -> Message:
            return self._message(name, event, resource, tampering)

        return Letter("wechat", name, url, write, _accepted)

    def _message(self, name: str, event: str, resource: Mapping[str, object], tampering: Tampering) -> Message:
        keys, now = self.state.keys, self.state.now()
        original_type = "refund" if event.startswith("REFUND") else "transaction"
        envelope = {
            "id": hashlib.sha256(name.encode()).hexdigest()[:32],  # the same for every try
            "create_time": instant(now),
            "resource_type": "encrypt-resource",
            "event_type": event,
            "summary": "退款" if original_type == "refund" else "支付成功",
            "resource": sealed(keys.wechat_api_v3, original_type, _tampered(resource, tampering)),
        }
        body = b"{" if tampering == "unreadable" else json.dumps(envelope, ensure_ascii=False).encode()
        serial = STRANGE_SERIAL if tampering == "unknown_serial" else keys.wechat_public_key_id
        at = now - STALE if tampering == "stale" else now
        headers = signature_headers(keys.wechat_gateway.private, serial, body, at)
        if tampering == "bad_signature":
            headers = spoilt(headers)
        return Message({**headers, "Content-Type": "application/json"}, body)


def _tampered(resource: Mapping[str, object], tampering: Tampering) -> Mapping[str, object]:
    if tampering == "wrong_merchant":
        return {**resource, "mchid": "1900000110"}
    if tampering == "wrong_amount":
        amount = resource["amount"]
        assert isinstance(amount, dict)  # noqa: S101  (our own words)
        told = "refund" if "refund" in amount else "total"
        return {**resource, "amount": {**amount, told: amount[told] + 1}}
    return resource


def _accepted(answer: httpx.Response) -> bool:
    """Any 2xx is enough for v3."""
    return answer.is_success
