"""What is known of who a customer is: for their own page, for money that must go to its owner, for what needs an adult.

How it comes to be known is in `identity_checks`.
"""

from transactional.accounts.persons import identity_queries, personal
from transactional.accounts.persons.identity_rules import masked_name, masked_number
from transactional.accounts.persons.models import IdentityCheck
from transactional.accounts.persons.schemas import IdentityState, IdentityView
from transactional.cards.vault import Vault
from transactional.db import ReadSession

PLACE = "identity"
OPEN = frozenset({"submitted", "processing", "unknown"})


async def verified_name(session: ReadSession, vault: Vault, customer_id: int) -> str | None:
    """The name of a check that ended well; None without one, and once the name is not kept any more."""
    check = await identity_queries.latest(session, customer_id)
    if check is None or check.state != "verified" or check.sealed is None:
        return None
    return (await opened(session, vault, check))["name"]


async def is_verified_adult(session: ReadSession, customer_id: int) -> bool:
    """Whether a check ended well and showed somebody of full age; true for good, also when the number is gone."""
    return await identity_queries.is_verified_adult(session, customer_id)


async def standing(session: ReadSession, vault: Vault, customer_id: int) -> IdentityView:
    """What the customer is shown: their name and number only masked, and only while they are kept."""
    check = await identity_queries.latest(session, customer_id)
    if check is None:
        return IdentityView(state="none")
    state: IdentityState = "checking" if check.state in OPEN else "verified" if check.state == "verified" else "refused"
    shown = IdentityView(
        state=state,
        reason=check.reason,
        is_adult=check.is_adult,
        asked_at=check.asked_at,
        decided_at=check.decided_at,
        kept_until=check.keep_until if check.sealed is not None and state != "checking" else None,
    )
    if check.sealed is None:
        return shown
    given = await opened(session, vault, check)
    return shown.model_copy(update={"name": masked_name(given["name"]), "number": masked_number(given["number"])})


async def opened(session: ReadSession, vault: Vault, check: IdentityCheck) -> dict[str, str]:
    """Name and number in clear. Raises LookupError when they are not kept any more."""
    if check.sealed is None or check.data_key_id is None:
        raise LookupError("name and number are not kept any more")
    sealed = personal.Sealed(check.data_key_id, bytes(check.sealed))
    return await personal.unseal(session, vault, check.customer_id, PLACE, sealed)
