"""Customers' accounts at providers: bound once, when an activation there told it, and used for all that follow.

What the provider calls the account is sealed under the customer's key; erasing the customer makes it unreadable.
"""

from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from transactional.accounts.persons import personal
from transactional.accounts.persons.personal import ErasedError, Sealed
from transactional.benefits.models import Provider, ProviderAccount
from transactional.benefits.schemas import AccountView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

PLACE = "provider-account"
MAX_TEXT = 200


async def bind(
    session: WriteSession, vault: Vault, customer_id: int, provider_id: int, account_ref: str, label: str
) -> None:
    """The account that the provider named takes the place of the one before."""
    known = await _row(session, customer_id, provider_id)
    if known is not None:
        if (await _opened(session, vault, known)).get("ref") == account_ref:
            return
        await remove(session, customer_id, known.public_id)
    values = {"ref": account_ref[:MAX_TEXT], "label": label[:MAX_TEXT]}
    sealed = await personal.seal(session, vault, customer_id, PLACE, values)
    row = {
        "customer_id": customer_id,
        "provider_id": provider_id,
        "data_key_id": sealed.data_key_id,
        "sealed": sealed.content,
    }
    await session.execute(insert(ProviderAccount).values(row).on_conflict_do_nothing())


async def remove(session: WriteSession, customer_id: int, public_id: UUID) -> None:
    """It is not used any more; removed before is fine. Raises NotFoundError for another customer's."""
    theirs = (ProviderAccount.public_id == public_id, ProviderAccount.customer_id == customer_id)
    if await session.scalar(select(ProviderAccount.id).where(*theirs)) is None:
        raise NotFoundError
    off = update(ProviderAccount).where(*theirs, ProviderAccount.removed_at.is_(None))
    await session.execute(off.values(removed_at=clock.now()))


async def account_id(session: ReadSession, customer_id: int, provider_id: int) -> int | None:
    """The account that is bound there now."""
    row = await _row(session, customer_id, provider_id)
    return row.id if row else None


async def account_ref(session: ReadSession, vault: Vault, account: int) -> str | None:
    """What the provider calls the account; None when it was removed or its customer erased."""
    row = await session.get(ProviderAccount, account)
    if row is None or row.removed_at is not None:
        return None
    return (await _opened(session, vault, row)).get("ref")


async def accounts(session: ReadSession, vault: Vault, customer_id: int) -> tuple[AccountView, ...]:
    """What a customer has bound."""
    found = select(ProviderAccount, Provider).join(Provider, Provider.id == ProviderAccount.provider_id)
    rows = await session.execute(
        found.where(ProviderAccount.customer_id == customer_id, ProviderAccount.removed_at.is_(None)).order_by(
            Provider.key
        )
    )
    return tuple(
        [
            AccountView(
                id=row.public_id,
                provider_key=provider.key,
                provider_name_zh=provider.name_zh,
                provider_name_en=provider.name_en,
                label=(await _opened(session, vault, row)).get("label", ""),
            )
            for row, provider in rows.all()
        ]
    )


async def _row(session: ReadSession, customer_id: int, provider_id: int) -> ProviderAccount | None:
    found: ProviderAccount | None = await session.scalar(
        select(ProviderAccount).where(
            ProviderAccount.customer_id == customer_id,
            ProviderAccount.provider_id == provider_id,
            ProviderAccount.removed_at.is_(None),
        )
    )
    return found


async def _opened(session: ReadSession, vault: Vault, row: ProviderAccount) -> dict[str, str]:
    try:
        sealed = Sealed(row.data_key_id, bytes(row.sealed))
        return await personal.unseal(session, vault, row.customer_id, PLACE, sealed)
    except ErasedError:
        return {}
