"""Where a customer's parcels go: sealed, at most one of them the default, gone in fact once removed.

An order keeps a copy of its own, so that a change here never moves a parcel that is on its way.
"""

from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update

from mingsuan import clock
from transactional.accounts.models import Customer
from transactional.accounts.persons import address_rules, personal
from transactional.accounts.persons.contacts import parse_phone
from transactional.accounts.persons.errors import TooManyAddressesError
from transactional.accounts.persons.models import Address
from transactional.accounts.persons.schemas import AddressView
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import InvalidInputError, NotFoundError

PLACE = "address"
AT_MOST = 20


def checked(given: Mapping[str, str]) -> dict[str, str]:
    """The fields as they are kept, the number in E.164. Raises InvalidInputError naming each field."""
    values = {name: given.get(name, "").strip() for name in address_rules.FIELDS}
    faults = address_rules.problems(values)
    try:
        values["phone"] = parse_phone(values["phone"], mobile=False)
    except InvalidInputError as refused:
        faults += refused.problems
    if faults:
        raise InvalidInputError(faults)
    return values


async def list_of(session: ReadSession, vault: Vault, customer_id: int) -> tuple[AddressView, ...]:
    """The default first, then the newest."""
    found = select(Address).where(*_kept(customer_id)).order_by(Address.is_default.desc(), Address.id.desc())
    return tuple([await _view(session, vault, row) for row in await session.scalars(found)])


async def one(session: ReadSession, vault: Vault, customer_id: int, public_id: UUID) -> AddressView:
    """Raises NotFoundError, for other people's and removed ones too."""
    return await _view(session, vault, await _row(session, customer_id, public_id))


async def add(
    session: WriteSession, vault: Vault, customer_id: int, given: Mapping[str, str], *, default: bool = False
) -> UUID:
    """Its public id; the first one is the default. Raises InvalidInputError, TooManyAddressesError."""
    values = checked(given)
    await _take_turns(session, customer_id)
    count = await session.scalar(select(func.count()).select_from(Address).where(*_kept(customer_id))) or 0
    if count >= AT_MOST:
        raise TooManyAddressesError(count=AT_MOST)
    sealed = await personal.seal(session, vault, customer_id, PLACE, values)
    row = Address(customer_id=customer_id, data_key_id=sealed.data_key_id, sealed=sealed.content)
    session.add(row)
    await session.flush()
    if default or not count:
        await _make_default(session, customer_id, row.id)
    return row.public_id


async def change(
    session: WriteSession, vault: Vault, customer_id: int, public_id: UUID, given: Mapping[str, str]
) -> None:
    """The same address with other words. Raises InvalidInputError, NotFoundError."""
    values = checked(given)
    await _take_turns(session, customer_id)
    row = await _row(session, customer_id, public_id)
    sealed = await personal.seal(session, vault, customer_id, PLACE, values)
    row.sealed, row.data_key_id = sealed.content, sealed.data_key_id
    await session.flush()


async def make_default(session: WriteSession, customer_id: int, public_id: UUID) -> None:
    """Raises NotFoundError."""
    await _take_turns(session, customer_id)
    await _make_default(session, customer_id, (await _row(session, customer_id, public_id)).id)


async def remove(session: WriteSession, customer_id: int, public_id: UUID) -> None:
    """What it said is gone; the next newest becomes the default when it was that. Removed twice, it is the same.

    Raises NotFoundError.
    """
    await _take_turns(session, customer_id)
    row = await session.scalar(
        select(Address).where(Address.customer_id == customer_id, Address.public_id == public_id)
    )
    if row is None:
        raise NotFoundError
    if row.removed_at is not None:
        return
    was_default, row.removed_at = row.is_default, clock.now()
    row.sealed, row.is_default = b"", False
    await session.flush()
    newest = await session.scalar(select(func.max(Address.id)).where(*_kept(customer_id)))
    if was_default and newest is not None:
        await _make_default(session, customer_id, newest)


async def _make_default(session: WriteSession, customer_id: int, address_id: int) -> None:
    others = update(Address).where(*_kept(customer_id), Address.is_default, Address.id != address_id)
    await session.execute(others.values(is_default=False))
    await session.execute(update(Address).where(Address.id == address_id).values(is_default=True))


async def _take_turns(session: WriteSession, customer_id: int) -> None:
    """Two tabs of one customer change addresses one after the other."""
    await session.execute(select(Customer.id).where(Customer.id == customer_id).with_for_update(key_share=True))


async def _row(session: ReadSession, customer_id: int, public_id: UUID) -> Address:
    found = await session.scalar(select(Address).where(*_kept(customer_id), Address.public_id == public_id))
    if found is None:
        raise NotFoundError
    return found


async def _view(session: ReadSession, vault: Vault, row: Address) -> AddressView:
    sealed = personal.Sealed(row.data_key_id, bytes(row.sealed))
    values = await personal.unseal(session, vault, row.customer_id, PLACE, sealed)
    return AddressView(id=row.public_id, is_default=row.is_default, **values)


def _kept(customer_id: int) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return Address.customer_id == customer_id, Address.removed_at.is_(None)
