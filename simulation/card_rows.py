"""A planned history's batches of codes into rows: every code sealed, sold ones too, so that buyers may reveal them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

from simulation.plan import Plan
from simulation.planned import Place
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.cards.sealed import DataKey
from transactional.cards.vault import Code, Vault
from transactional.ledger import bulk
from transactional.ledger.rules import Posting, batch_paid, codes_bought
from transactional.orders.numbers import ALPHABET

BATCH = ("id", "sku_id", "supplier_name", "card_count", "total_cost_fen", "file_name", "file_sha256", "imported_at")
CARD = (
    "id",
    "batch_id",
    "sku_id",
    "data_key_id",
    "ciphertext",
    "fingerprint",
    "cost_fen",
    "state",
    "free_at",
    "delivered_fulfilment_id",
    "voided_at",
)
CODE_GROUPS, CODE_GROUP_SIGNS = 4, 4


@dataclass(frozen=True, slots=True)
class WrittenCards:
    """Keys of the batches in the plan's order, and of the codes by their places."""

    batches: Sequence[int]
    cards: Mapping[Place, int]


class CardRows:
    """Writes batches, data keys, cards and their postings; `fulfilments` has the key of each delivered unit."""

    def __init__(
        self, connection: Connection, plan: Plan, vault: Vault, skus: Sequence[int], fulfilments: Mapping[int, int]
    ) -> None:
        self._connection = connection
        self._plan = plan
        self._vault = vault
        self._skus = skus
        stock = plan.stock
        self._sold = {place: fulfilments[unit] for unit, place in stock.handed_out.items()}
        self._sold |= {one.replacement: fulfilments[one.unit] for one in stock.defects if one.replacement and one.unit}
        self._bad = {defect.bad for defect in stock.defects}
        self._voided = {place: void.at for void in stock.voids for place in void.places}
        self._written: dict[Place, int] = {}
        self._rng = Random(f"codes {plan.seed}")  # noqa: S311  (codes of a simulated shop open nothing)

    def write(self) -> WrittenCards:
        batches = reserve_ids(self._connection, "card_batch", len(self._plan.stock.batches))
        copy_rows(self._connection, "card_batch", BATCH, self._batch_rows(batches))
        bulk.write(self._connection, self._postings(batches), self._plan.zone)
        keys = [self._vault.new_data_key(key) for key in reserve_ids(self._connection, "data_key", len(batches))]
        rows = ((key.id, key.wrapped, self._vault.master_key_fingerprint) for key in keys)
        copy_rows(self._connection, "data_key", ("id", "wrapped", "master_key_fingerprint"), rows)
        cards = reserve_ids(self._connection, "card", sum(len(one.costs_fen) for one in self._plan.stock.batches))
        copy_rows(self._connection, "card", CARD, self._card_rows(batches, keys, iter(cards)))
        return WrittenCards(batches, self._written)

    def _batch_rows(self, keys: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for place, (key, one) in enumerate(zip(keys, self._plan.stock.batches, strict=True)):
            name = f"{self._plan.skus[one.sku].variant.code}-{place + 1:04}.csv"
            digest = hashlib.sha256(f"simulation {self._plan.seed} {name}".encode()).digest()
            counted = (len(one.costs_fen), one.known_total_fen())
            yield (key, self._skus[one.sku], one.supplier, *counted, name, digest, one.bought_at)

    def _postings(self, keys: Sequence[int]) -> Iterator[Posting]:
        for key, one in zip(keys, self._plan.stock.batches, strict=True):
            yield codes_bought(key, one.known_total_fen(one.bought_at) or 0, one.bought_at)
            if one.paid_at:
                yield batch_paid(key, one.total_cost_fen, one.paid_at)

    def _card_rows(
        self, batches: Sequence[int], keys: Sequence[DataKey], cards: Iterator[int]
    ) -> Iterator[tuple[object, ...]]:
        everything = zip(batches, keys, self._plan.stock.batches, strict=True)
        for place, (batch, key, one) in enumerate(everything):
            codes = {card: self._code() for card in islice(cards, len(one.costs_fen))}
            sealed = self._vault.seal_codes(key, codes)
            for at, (card, cost) in enumerate(zip(codes, one.known_costs_fen(), strict=True)):
                self._written[place, at] = card
                fingerprint = self._vault.fingerprint(codes[card].code)
                sealed_card = (card, batch, self._skus[one.sku], key.id, sealed[card], fingerprint, cost)
                yield (*sealed_card, *self._standing((place, at)))

    def _standing(self, place: Place) -> tuple[object, ...]:
        """State, when it is free, whose it is, when it was voided. A bad code is nobody's, whoever had it."""
        if place in self._bad:
            return "defective", "infinity", None, None
        if place in self._voided:
            return "void", "infinity", None, self._voided[place]
        fulfilment = self._sold.get(place)
        return ("delivered", "infinity", fulfilment, None) if fulfilment else ("available", "-infinity", None, None)

    def _code(self) -> Code:
        groups = ("".join(self._rng.choices(ALPHABET, k=CODE_GROUP_SIGNS)) for _ in range(CODE_GROUPS))
        return Code("-".join(groups))
