"""A decision as it is written down, and made again from what is written down. Nothing here asks the database."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from transactional.suppliers.models import RoutingDecision
from transactional.suppliers.routing.effective_cost import Prices
from transactional.suppliers.routing.rules import ALGORITHM, choose
from transactional.suppliers.routing.terms import Candidate, Choice, Judged, Policy, Situation

Chooser = Callable[[tuple[Candidate, ...], Policy, Situation, Prices], Choice]
CHOOSERS: Mapping[str, Chooser] = {ALGORITHM: choose}
"""Every way of choosing that decisions on record were made by, under the name that they were written down with."""


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a decision depends on besides its candidates."""

    policy: Policy
    situation: Situation
    prices: Prices


@dataclass(frozen=True, slots=True)
class Replayed:
    """A decision made again from its row, and whether it came out as it did then, in every figure."""

    choice: Choice
    agrees: bool


INPUTS = TypeAdapter(Inputs)
JUDGED = TypeAdapter(tuple[Judged, ...])


def written(inputs: Inputs, choice: Choice) -> dict[str, Any]:
    """The columns of a decision's row that hold what was weighed and what came out."""
    return {
        "algorithm": ALGORITHM,
        "inputs": INPUTS.dump_python(inputs, mode="json"),
        "candidates": JUDGED.dump_python(choice.judged, mode="json"),
        "outcome": choice.outcome,
        "channel_id": choice.chosen.channel_id if choice.chosen else None,
        "offer_id": choice.chosen.offer_id if choice.chosen else None,
        "reason": choice.reason,
        "reason_values": choice.values,
    }


def candidates_of(row: RoutingDecision) -> tuple[Judged, ...]:
    """The candidates as they were judged."""
    return JUDGED.validate_python(row.candidates, strict=False)


def inputs_of(row: RoutingDecision) -> Inputs:
    return INPUTS.validate_python(row.inputs, strict=False)


def replay(row: RoutingDecision) -> Replayed:
    """The choice, made again by the row's own algorithm from the row alone. Raises KeyError for one unknown here."""
    then = candidates_of(row)
    inputs = inputs_of(row)
    candidates = tuple(each.candidate for each in then)
    choice = CHOOSERS[row.algorithm](candidates, inputs.policy, inputs.situation, inputs.prices)
    now = (choice.outcome, choice.chosen.offer_id if choice.chosen else None, choice.reason, choice.values)
    same = now == (row.outcome, row.offer_id, row.reason, row.reason_values)
    return Replayed(choice, same and choice.judged == then)
