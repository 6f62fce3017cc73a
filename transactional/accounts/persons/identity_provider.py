"""What the shop asks of whoever checks identities, and people of the shop itself as the one that is always there."""

from dataclasses import dataclass
from typing import Literal, Protocol

from transactional.accounts.persons.identity_rules import Person

MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`reason` is one of a few words of ours, or empty; `provider_ref` the provider's own number."""

    outcome: Literal["verified", "refused", "processing", "not_found"]
    reason: Literal["", "mismatch", "no_record", "unreadable"] = ""
    provider_ref: str | None = None


class IdentityProvider(Protocol):
    """One call a method, each with a time-out, none repeated; raises UnknownOutcomeError when the outcome is unknown.

    A reference is submitted at most once, ever; `query` says `not_found` for one that the provider never got.
    """

    name: str

    async def submit(self, reference: str, person: Person) -> Verdict: ...

    async def query(self, reference: str) -> Verdict: ...

    async def aclose(self) -> None: ...


class ManualReview:
    """Nobody is asked: staff look at every request in the review queue, so nothing is verified by itself."""

    name = MANUAL

    async def submit(self, reference: str, person: Person) -> Verdict:  # noqa: ARG002  (the protocol's)
        return Verdict("processing")

    async def query(self, reference: str) -> Verdict:  # noqa: ARG002
        return Verdict("processing")

    async def aclose(self) -> None:
        """There is nothing to close."""
