"""Callbacks of the simulated HMAC card supplier: an order has ended, its codes in it. It knows no others."""

import json
from collections.abc import Sequence
from datetime import timedelta

import httpx

from simulation.suppliers import hmac_card_words as words
from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookedOrder, Good, Statement
from simulation.suppliers.outbox import Letter, Message, Tampering

OLD = timedelta(seconds=61)


class HmacCardAnnouncer:
    def __init__(self, account: Account) -> None:
        self._account = account

    def order_ended(self, order: BookedOrder) -> Letter | None:
        def write(tampering: Tampering) -> Message:
            return self._message(order, tampering)

        return Letter(f"order:{order.order_ref}", order.callback_url, write, _accepted)

    def prices_changed(self, goods: Sequence[Good]) -> Letter | None:  # noqa: ARG002
        return None

    def statement_made(self, statement: Statement) -> Letter | None:  # noqa: ARG002
        return None

    def _message(self, order: BookedOrder, tampering: Tampering) -> Message:
        """Signed when it is sent: a copy sent later has another time, and so another signature."""
        at = self._account.now() - (OLD if tampering == "stale" else timedelta(0))
        stamp = str(int(at.timestamp()))
        event = "order.fulfilled" if order.state == "succeeded" else "order.status"
        told = words.order(self._account, order, order.state)
        body = json.dumps({"event": event, **told, "timestamp": int(stamp)}, ensure_ascii=False).encode()
        secret = self._account.credentials["secret"]
        signature = words.signature(secret, "POST", words.CALLBACK_PATH, stamp, body)
        headers = {
            "Content-Type": "application/json",
            "Dujiao-Next-Api-Key": self._account.credentials["key_id"],
            "Dujiao-Next-Timestamp": stamp,
            "Dujiao-Next-Signature": _spoilt(signature) if tampering == "bad_signature" else signature,
        }
        return Message(headers, body)


def _spoilt(signature: str) -> str:
    return ("1" if signature[0] == "0" else "0") + signature[1:]


def _accepted(answer: httpx.Response) -> bool:
    """200 and `{"ok": true}`."""
    try:
        return answer.status_code == httpx.codes.OK and answer.json().get("ok") is True
    except (ValueError, AttributeError):
        return False
