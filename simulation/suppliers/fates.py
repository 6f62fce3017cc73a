"""What becomes of an order and of each code, drawn from their names. Books nothing."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from simulation.suppliers.book import Book
from simulation.suppliers.entries import BookedCode
from simulation.suppliers.misbehaviour import Misbehaviour
from simulation.suppliers.tempo import Tempo

CODES_GOOD_FOR = timedelta(days=365)
LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


@dataclass(frozen=True, slots=True)
class Fate:
    """How an order ends: with nothing when `good_quantity` is 0; `takes_s` is unscaled."""

    good_quantity: int
    takes_s: float


def fate(misbehaviour: Misbehaviour, tempo: Tempo, name: str, quantity: int, running_s: float) -> Fate:
    """Of the order called `name`, placed so long after the supplier was started."""
    fails = misbehaviour.strikes("failure", name)
    good = 0 if fails else quantity - int(misbehaviour.strikes("partial_fill", name))
    if tempo.drift_per_hour:
        misbehaviour.count("slow")
    return Fate(good, tempo.finishing_s(misbehaviour.rng("time", name), running_s))


def code(
    misbehaviour: Misbehaviour, account: str, name: str, order_ref: str, book: Book, sold_at: datetime
) -> BookedCode:
    """A fresh code, or one that was sold before; a bad one looks like any other."""
    rng = misbehaviour.rng("code", account, name)
    content = "-".join("".join(rng.choices(LETTERS, k=5)) for _ in range(4))
    before = book.codes() if misbehaviour.strikes("repeated_code", name) else []
    return BookedCode(
        before[0].content if before else content,
        order_ref,
        misbehaviour.strikes("bad_code", name),
        bool(before),
        sold_at + CODES_GOOD_FOR,
        sold_at,
    )
