"""How an account at a simulated supplier is set up."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from simulation.suppliers.entries import Good, Terms
from simulation.suppliers.misbehaviour import Misbehaviour
from simulation.suppliers.statements import Format
from simulation.suppliers.tempo import Tempo


@dataclass(frozen=True, slots=True)
class AccountSpec:
    """An account as it is set up. `name` is the first part of its path; `credentials` are what the shop was given.

    `deposit` is paid in when its book is new; accounts with the same `purse` spend from one. `seed` marks its order
    numbers. `push_url` is where it tells of prices and statements; without one, where the first order wants to be told
    of its end.
    """

    name: str
    protocol: str
    credentials: Mapping[str, str] = field(repr=False)
    goods: tuple[Good, ...]
    currency: str = "CNY"
    terms: Terms = "prepaid"
    purse: str = ""
    deposit: Decimal = Decimal(100_000)
    seed: int = 0
    push_url: str = ""
    statement_format: Format = "csv"
    tempo: Tempo = field(default_factory=Tempo)
    misbehaviour: Misbehaviour = field(default_factory=Misbehaviour)
