"""Callbacks of the simulated Fulu gateway: orders that ended, prices that changed, statements to be fetched."""

import json
from collections.abc import Sequence
from datetime import timedelta
from hashlib import md5

import httpx

from simulation.suppliers import fulu_words as words
from simulation.suppliers.account import Account
from simulation.suppliers.entries import BookedOrder, Good, Statement
from simulation.suppliers.fulu_signing import sign
from simulation.suppliers.outbox import Letter, Message, Tampering

LONG_AGO = timedelta(days=2)


class FuluAnnouncer:
    """`files` are the statements that can be fetched, by name."""

    def __init__(self, account: Account) -> None:
        self.account, self.files = account, dict[str, bytes]()

    def order_ended(self, order: BookedOrder) -> Letter | None:
        ended_at = order.ended_at or self.account.now()
        told = {
            "order_id": order.order_ref,
            "charge_finish_time": words.written(ended_at),
            "customer_order_no": order.request_no,
            "order_status": words.STATES[order.state],
            "recharge_description": "" if order.state == "succeeded" else "充值失败，款项已退回",
            "product_id": order.supplier_sku,
            "price": f"{order.unit_cost:.4f}",
            "buy_num": str(order.quantity),
            "operator_serial_number": "",
        }
        cards = words.cards(self.account, order, self.account.credentials["app_secret"])
        return self._letter(f"order:{order.order_ref}", order.callback_url, told, cards)

    def prices_changed(self, goods: Sequence[Good]) -> Letter | None:
        told = [words.good(self.account, each) for each in goods]
        versions = ",".join(f"{each.supplier_sku}@{each.price_version}" for each in goods)
        values = {"notify_type": "price", "goods": json.dumps(told, ensure_ascii=False, separators=(",", ":"))}
        return self._letter(f"price:{versions}", self.account.push_url, values)

    def statement_made(self, statement: Statement) -> Letter | None:
        self.files[statement.file_name] = statement.content
        told = {
            "notify_type": "reconciliation",
            "bill_date": statement.day.isoformat(),
            "file_url": f"{self.account.base_url}/files/{statement.file_name}",
            "file_md5": md5(statement.content, usedforsecurity=False).hexdigest(),
        }
        return self._letter(f"statement:{statement.day}", self.account.push_url, told)

    def _letter(self, name: str, url: str, told: dict[str, str], cards: list[dict[str, str]] | None = None) -> Letter:
        def write(tampering: Tampering) -> Message:
            return self._written(told, cards or [], tampering)

        return Letter(name, url, write, _accepted)

    def _written(self, told: dict[str, str], cards: list[dict[str, str]], tampering: Tampering) -> Message:
        """Signed anew for every try; the cards are outside of what is signed."""
        sent_at = self.account.now() - (LONG_AGO if tampering == "stale" else timedelta(0))
        values: dict[str, object] = {
            "app_key": self.account.credentials["app_key"],
            **told,
            "timestamp": words.written(sent_at),
        }
        right = sign(values, self.account.credentials["app_secret"])
        values["sign"] = right[::-1] if tampering == "bad_signature" else right
        if cards:
            values["cards"] = cards
        body = json.dumps(values, ensure_ascii=False).encode()
        return Message({"content-type": "application/json"}, body)


def _accepted(answer: httpx.Response) -> bool:
    return answer.text.strip().lower() == "success"
