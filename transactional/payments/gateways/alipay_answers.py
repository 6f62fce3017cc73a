"""What Alipay's signed answers say: about what was asked, and when, how much and how far. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from transactional.outcomes import UnknownOutcomeError
from transactional.payments.gateways import alipay_words as words
from transactional.payments.gateways.interface import RefundFact, RefundState, ShareFact, ShareState


def same(answer: Mapping[str, Any], **asked: str) -> None:
    """A signed answer to another question, replayed, is no answer to this one."""
    for name, value in asked.items():
        if answer.get(name) != value:
            raise UnknownOutcomeError(f"the answer is about {name} {answer.get(name)!r}, asked was {value!r}")


def time(answer: Mapping[str, Any], name: str) -> datetime | None:
    try:
        return words.instant(answer[name]) if answer.get(name) else None
    except ValueError as error:
        raise UnknownOutcomeError(str(error)) from error


def amount(answer: Mapping[str, Any], name: str) -> int:
    try:
        return words.fen(answer.get(name))
    except ValueError as error:
        raise UnknownOutcomeError(str(error)) from error


def refund(answer: Mapping[str, Any], out_refund_no: str) -> RefundFact:
    """A refund out of the answer to its query. Raises UnknownOutcomeError."""
    states: dict[object, RefundState] = {
        "REFUND_SUCCESS": "succeeded",
        "REFUND_PROCESSING": "processing",
        "REFUND_FAIL": "failed",
    }
    if answer.get("refund_status") not in states:
        raise UnknownOutcomeError(f"refund_status {answer.get('refund_status')!r}")
    state, amount_fen = states[answer["refund_status"]], amount(answer, "refund_amount")
    refunded_at = time(answer, "gmt_refund_pay") if state == "succeeded" else None
    return RefundFact(state, out_refund_no, None, amount_fen, refunded_at)


def share(answer: Mapping[str, Any], out_order_no: str) -> ShareFact:
    states: dict[object, ShareState] = {"SUCCESS": "succeeded", "FAIL": "failed", "PROCESSING": "processing"}
    parts = answer.get("royalty_detail_list") or []
    if len(parts) != 1 or parts[0].get("state") not in states:
        raise UnknownOutcomeError(f"alipay.trade.order.settle.query: {len(parts)} parts of {out_order_no!r}")
    part = parts[0]
    state = states[part["state"]]
    settled_at = time(part, "execute_dt") if state == "succeeded" else None
    reason = str(part.get("error_desc") or part.get("error_code") or "")
    return ShareFact(
        state, out_order_no, str(part.get("detail_id") or "") or None, amount(part, "amount"), settled_at, reason
    )
