"""Callbacks of the simulated Reloadly-like supplier: a transaction has another status. They never carry a card."""

import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import timedelta

import httpx

from simulation.suppliers import reloadly_words as words
from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookedOrder, Good, Statement
from simulation.suppliers.outbox import Letter, Message, Tampering
from simulation.suppliers.reloadly_authority import Authority

OLD = timedelta(minutes=10)


class ReloadlyAnnouncer:
    """Sends to the one address that the account has set: `push_url`. `authority` gave the tokens of its API."""

    def __init__(self, account: Account, authority: Authority) -> None:
        self._account, self.authority = account, authority

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
        stamp = str(int(at.timestamp() * 1000))
        data = words.transaction(self._account, order, order.state)
        body = json.dumps({"type": "giftcard_transaction.status", "data": data}).encode()
        secret = self._account.credentials["webhook_secret"]
        if tampering == "bad_signature":
            secret += "?"
        signature = hmac.new(secret.encode(), body + f":{stamp}".encode(), hashlib.sha256).hexdigest()
        headers = {
            "Content-Type": "application/json",
            "X-Reloadly-Signature": signature,
            "X-Reloadly-Request-Timestamp": stamp,
        }
        return Message(headers, body)


def _accepted(answer: httpx.Response) -> bool:
    return answer.is_success
