"""A planned history's decisions and purchases into rows, with the codes that they brought, sealed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from random import Random

from simulation.plan import Plan
from simulation.purchase_words import events, refusal, supplier_ref, times_asked
from simulation.supplied_law import CHANNELS, VENDOR_OF
from simulation.supplied_records import PlannedDecision, PlannedPurchase
from simulation.supply_rows import SupplyKeys
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.cards.sealed import DataKey
from transactional.cards.service import DELIVERIES, delivery_place
from transactional.cards.vault import Code, Vault
from transactional.payments.numbers import ALPHABET
from transactional.suppliers.routing.records import written

DECISION = ("id", "stage", "sku_id", "fulfilment_id", "policy_id", "algorithm", "inputs", "candidates", "outcome")
DECIDED = ("channel_id", "offer_id", "reason", "reason_values", "decided_at")
PURCHASE = ("id", "fulfilment_id", "attempt_no", "after_purchase_id", "decision_id", "channel_id", "offer_id")
ASKED = ("request_no", "state", "quantity", "unit_cost", "currency", "exchange_rate", "cost_fen", "prepaid")
ANSWERED = ("supplier_ref", "outcome_code", "outcome_reason", "submitted_at", "ended_at", "times_asked", "created_at")
EVENT = ("purchase_id", "kind", "from_state", "to_state", "happened_at", "detail")
BATCH = ("id", "sku_id", "supplier_name", "supplier_id", "card_count", "total_cost_fen", "file_name", "imported_at")
CARD = ("id", "batch_id", "sku_id", "data_key_id", "ciphertext", "fingerprint", "cost_fen", "state", "free_at")
KEY = ("id", "wrapped", "master_key_fingerprint", "purpose", "period")
CODE_SIGNS = 16


class PurchaseRows:
    """Writes into the caller's transaction; `fulfilments` are keys by unit, `skus` by place."""

    def __init__(
        self,
        connection: Connection,
        plan: Plan,
        vault: Vault,
        keys: SupplyKeys,
        skus: Sequence[int],
        fulfilments: Mapping[int, int],
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._supplied = plan.supply.supplied
        self._vault = vault
        self._keys = keys
        self._skus = skus
        self._fulfilments = fulfilments
        self._rng = Random(f"bought codes {plan.seed}")  # noqa: S311  (codes of a simulated shop open nothing)

    def write(self) -> list[int]:
        """Keys of the purchases, by place."""
        decisions = reserve_ids(self._connection, "routing_decision", len(self._supplied.decisions))
        copy_rows(self._connection, "routing_decision", DECISION + DECIDED, self._decisions(decisions))
        purchases = reserve_ids(self._connection, "purchase", len(self._supplied.purchases))
        columns = PURCHASE + ASKED + ANSWERED
        copy_rows(self._connection, "purchase", columns, self._purchases(purchases, decisions))
        copy_rows(self._connection, "purchase_event", EVENT, self._events(purchases))
        self._delivered(purchases)
        self._into_stock(purchases)
        return purchases

    def _decisions(self, keys: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for key, one in zip(keys, self._supplied.decisions, strict=True):
            columns = self._written(one)
            fulfilment = self._fulfilments[one.unit]
            sku = self._skus[self._supplied.offers[one.choice.judged[0].candidate.offer_id].sku]
            weighed = (columns["algorithm"], json.dumps(columns["inputs"]), json.dumps(columns["candidates"]))
            chosen = one.choice.chosen
            channel = self._keys.channels[chosen.channel_id] if chosen else None
            offer = self._keys.offers[chosen.offer_id] if chosen else None
            why = (columns["reason"], json.dumps(columns["reason_values"]), one.at)
            policy = self._keys.policies[one.policy]
            yield (key, "purchase", sku, fulfilment, policy, *weighed, columns["outcome"], channel, offer, *why)

    def _written(self, one: PlannedDecision) -> dict[str, object]:
        """As the shop writes a decision down, with the keys of its channels and offers."""
        columns = written(one.inputs, one.choice)
        for judged in columns["candidates"]:
            candidate = judged["candidate"]
            candidate["channel_id"] = self._keys.channels[candidate["channel_id"]]
            candidate["offer_id"] = self._keys.offers[candidate["offer_id"]]
        situation = columns["inputs"]["situation"]
        situation["without_channels"] = [self._keys.channels[place] for place in situation["without_channels"]]
        return columns

    def _purchases(self, keys: Sequence[int], decisions: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for place, one in enumerate(self._supplied.purchases):
            before = None if one.before is None else keys[one.before]
            where = (self._keys.channels[one.channel], self._keys.offers[one.offer])
            attempt = (keys[place], self._fulfilments[one.unit], one.attempt_no, before, decisions[one.decision])
            money = (one.unit_cost, one.currency, one.exchange_rate, one.cost_fen, one.prepaid)
            answer = (supplier_ref(one, place), *refusal(one, place))
            times = (one.submitted_at, one.ended_at, times_asked(one), one.at)
            yield (*attempt, *where, one.request_no, one.state, 1, *money, *answer, *times)

    def _events(self, keys: Sequence[int]) -> Iterator[tuple[object, ...]]:
        happened = [
            (at, place, kind, before, after, detail)
            for place, one in enumerate(self._supplied.purchases)
            for kind, before, after, at, detail in events(one, place)
        ]
        happened.sort(key=lambda each: each[0])
        for at, place, kind, before, after, detail in happened:
            yield keys[place], kind, before, after, at, json.dumps(detail)

    def _delivered(self, keys: Sequence[int]) -> None:
        """Codes that went to their orders."""
        brought = [(place, one) for place, one in enumerate(self._supplied.purchases) if one.succeeded]
        months = sorted({self._month(one) for _, one in brought})
        data_keys = dict(zip(months, self._data_keys(DELIVERIES, months), strict=True))
        sealed_keys = reserve_ids(self._connection, "sealed_delivery", len(brought))
        sealed, codes = [], []
        for sealed_key, (place, one) in zip(sealed_keys, brought, strict=True):
            code, data_key = self._code(), data_keys[self._month(one)]
            fulfilment = self._fulfilments[one.unit]
            ciphertext = self._vault.seal_bytes(data_key, delivery_place(fulfilment), code.encode())
            sealed.append((sealed_key, fulfilment, data_key.id, ciphertext))
            codes.append((keys[place], self._vault.fingerprint(code), sealed_key))
        columns = ("id", "fulfilment_id", "data_key_id", "ciphertext")
        copy_rows(self._connection, "sealed_delivery", columns, sealed)
        copy_rows(self._connection, "purchased_code", ("purchase_id", "fingerprint", "sealed_delivery_id"), codes)

    def _into_stock(self, keys: Sequence[int]) -> None:
        """Codes that came when nobody waited for them any more."""
        late = [(place, one) for place, one in enumerate(self._supplied.purchases) if one.state == "late_succeeded"]
        batches = reserve_ids(self._connection, "card_batch", len(late))
        cards = reserve_ids(self._connection, "card", len(late))
        data_keys = self._data_keys("codes", [None] * len(late))
        batch_rows, card_rows, codes = [], [], []
        for batch, card, data_key, (place, one) in zip(batches, cards, data_keys, late, strict=True):
            code, sku = self._code(), self._skus[self._supplied.offers[one.offer].sku]
            vendor = VENDOR_OF[CHANNELS[one.channel].code]
            supplier = (vendor.name, self._keys.suppliers[vendor.key])
            batch_rows.append((batch, sku, *supplier, 1, one.cost_fen, "", one.after_at))
            ciphertext = self._vault.seal_codes(data_key, {card: Code(code)})[card]
            fingerprint = self._vault.fingerprint(code)
            shelf = (one.cost_fen, "available", "-infinity")
            card_rows.append((card, batch, sku, data_key.id, ciphertext, fingerprint, *shelf))
            codes.append((keys[place], fingerprint, card))
        copy_rows(self._connection, "card_batch", BATCH, batch_rows)
        copy_rows(self._connection, "card", CARD, card_rows)
        copy_rows(self._connection, "purchased_code", ("purchase_id", "fingerprint", "card_id"), codes)

    def _data_keys(self, purpose: str, periods: Sequence[str | None]) -> list[DataKey]:
        made = [self._vault.new_data_key(key) for key in reserve_ids(self._connection, "data_key", len(periods))]
        wrapped_by = self._vault.master_key_fingerprint
        rows = ((key.id, key.wrapped, wrapped_by, purpose, at) for key, at in zip(made, periods, strict=True))
        copy_rows(self._connection, "data_key", KEY, rows)
        return made

    def _month(self, one: PlannedPurchase) -> str:
        return f"{one.at:%Y-%m}"

    def _code(self) -> str:
        return "".join(self._rng.choices(ALPHABET, k=CODE_SIGNS))
