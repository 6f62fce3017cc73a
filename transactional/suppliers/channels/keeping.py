"""Suppliers and the channels to buy over: kept, changed, paused, ended, and opened with their credentials.

Credentials are sealed as they come in; nothing gives them out again but `opened`, to the protocol's adapter.
"""

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession, reading
from transactional.errors import FieldProblem, InvalidInputError, NameTakenError, NotFoundError
from transactional.suppliers.channels.forms import (
    WITHOUT_SUPPLIER,
    ChannelEdit,
    NewChannel,
    ProtocolForm,
    edit_problems,
    new_problems,
)
from transactional.suppliers.errors import ChannelEndedError, ChannelWithoutProtocolError
from transactional.suppliers.models import Supplier, SupplierBalance, SupplyChannel
from transactional.suppliers.protocols.interface import Supply
from transactional.suppliers.states import CHANNEL_STATES, TERMS

PURPOSE, PERIOD = "suppliers", "credentials"


@dataclass(frozen=True, slots=True)
class NewSupplier:
    """A supplier as staff describe it."""

    name: str
    currency: str
    terms: str
    low_balance_fen: int | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class OpenChannel:
    """A channel and its supplier's connection, which ends with `async with`."""

    channel: SupplyChannel
    supply: Supply

    async def __aenter__(self) -> "OpenChannel":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.supply.aclose()


async def new_supplier(session: WriteSession, new: NewSupplier, staff_id: int | None = None) -> Supplier:
    """A supplier and its empty balance. Raises InvalidInputError, NameTakenError."""
    wrong: Mapping[str, bool] = {
        "name": not 1 <= len(new.name.strip()) <= 80,
        "currency": not (len(new.currency) == 3 and new.currency.isascii() and new.currency.isupper()),
        "terms": new.terms not in TERMS,
        "low_balance_fen": new.low_balance_fen is not None and new.low_balance_fen < 0,
    }
    if any(wrong.values()):
        raise InvalidInputError([FieldProblem(name, "Cannot be accepted.") for name, is_so in wrong.items() if is_so])
    about = {"low_balance_fen": new.low_balance_fen, "note": new.note.strip()}
    row = Supplier(name=new.name.strip(), currency=new.currency, terms=new.terms, **about)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise NameTakenError(name=new.name.strip()) from None
    session.add(SupplierBalance(supplier_id=row.id))
    await accounts.record_act(session, staff_id, "add_supplier", f"supplier:{row.public_id}")
    return row


async def add_channel(session: WriteSession, vault: Vault, new: NewChannel, staff_id: int | None) -> SupplyChannel:
    """A channel, active at once; its first pull is due. Raises InvalidInputError, NameTakenError."""
    if problems := new_problems(new, protocol_form(new.protocol)):
        raise InvalidInputError(problems)
    await _work_out(new.protocol, new, new.credentials)
    row = SupplyChannel(code=new.code, protocol=new.protocol, supplier_id=new.supplier_id)
    _take(row, new)
    await _seal(session, vault, row, new.credentials)
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise NameTakenError(name=new.code) from None
    detail = {"code": new.code, "protocol": new.protocol}
    await accounts.record_act(session, staff_id, "add_channel", f"channel:{row.public_id}", detail=detail)
    return row


async def edit_channel(
    session: WriteSession, vault: Vault, channel_id: UUID, edit: ChannelEdit, staff_id: int | None
) -> SupplyChannel:
    """Credentials left empty stay. Raises InvalidInputError, NotFoundError, ChannelEndedError."""
    row = await _not_ended(session, channel_id)
    if problems := edit_problems(edit, row.protocol, row.base_url, row.options, protocol_form(row.protocol)):
        raise InvalidInputError(problems)
    given = {name: value for name, value in edit.credentials.items() if value}
    credentials = {**await _credentials(session, vault, row), **given}
    await _work_out(row.protocol, edit, credentials)
    if given:
        await _seal(session, vault, row, credentials)
    _take(row, edit)
    await session.flush()
    detail = {"credentials_renewed": len(given)}
    await accounts.record_act(session, staff_id, "change_channel", f"channel:{row.public_id}", detail=detail)
    return row


async def set_state(
    session: WriteSession, channel_id: UUID, state: str, staff_id: int | None, reason: str = ""
) -> SupplyChannel:
    """Nothing new is bought over a paused one; what is under way is followed to its end. An ended one stays so.

    Raises InvalidInputError, NotFoundError, ChannelEndedError.
    """
    if state not in CHANNEL_STATES:
        raise InvalidInputError([FieldProblem("state", "Cannot be accepted.")])
    row = await _not_ended(session, channel_id)
    if row.state != state:
        row.state = state
        row.pull_at = clock.now() if state == "active" and row.pull_every_s else None
        await session.flush()
        act = {"active": "resume_channel", "paused": "pause_channel", "ended": "end_channel"}[state]
        await accounts.record_act(session, staff_id, act, f"channel:{row.public_id}", reason=reason)
    return row


async def opened(session: ReadSession, vault: Vault, channel_id: int) -> OpenChannel:
    """The channel ready to be spoken to; its `supply` is the caller's to close (`async with`).

    Raises NotFoundError, ChannelWithoutProtocolError for the own pool and people, ConfigurationError.
    """
    row = await session.get(SupplyChannel, channel_id)
    if row is None:
        raise NotFoundError
    if row.protocol in WITHOUT_SUPPLIER:
        raise ChannelWithoutProtocolError(code=row.code)
    from transactional.suppliers.protocols.configured import supply  # loads adapters, and they their libraries

    credentials = await _credentials(session, vault, row)
    return OpenChannel(row, supply(row.protocol, row.base_url, credentials, row.options, row.patience_s))


@asynccontextmanager
async def opening(engine: AsyncEngine, vault: Vault, channel_id: int) -> AsyncIterator[OpenChannel]:
    """The same in a transaction of its own, which is over before the supplier is called; closed with the block."""
    async with reading(engine) as session:
        channel = await opened(session, vault, channel_id)
    async with channel:
        yield channel


async def by_public_id(session: ReadSession, channel_id: UUID) -> SupplyChannel:
    """Raises NotFoundError."""
    row = await session.scalar(select(SupplyChannel).where(SupplyChannel.public_id == channel_id))
    if row is None:
        raise NotFoundError
    return row


def protocol_form(protocol: str) -> ProtocolForm:
    """What a channel of this protocol is asked for; nothing for those that no server speaks."""
    from transactional.suppliers.protocols.configured import CREDENTIALS, OPTIONS

    return ProtocolForm(CREDENTIALS.get(protocol, ()), OPTIONS.get(protocol, ()))


async def _work_out(protocol: str, given: NewChannel | ChannelEdit, credentials: Mapping[str, str]) -> None:
    """Nobody is called; an adapter that cannot be made of this is refused. Raises InvalidInputError."""
    if protocol in WITHOUT_SUPPLIER:
        return
    from transactional.suppliers.protocols import configured

    try:
        made = configured.supply(protocol, given.base_url, credentials, given.options, given.patience_s)
    except configured.ConfigurationError as error:
        asked = protocol_form(protocol)
        kinds = {spec.name: "credential" for spec in asked.credentials} | {
            spec.name: "option" for spec in asked.options
        }
        place = f"{kinds[error.field]}_{error.field}" if error.field in kinds else error.field
        raise InvalidInputError([FieldProblem(place, "Cannot be accepted.")]) from None
    await made.aclose()


def _take(row: SupplyChannel, given: NewChannel | ChannelEdit) -> None:
    row.name, row.base_url = given.name.strip(), given.base_url.rstrip("/")
    row.options, row.regions = dict(given.options), list(given.regions)
    row.check_on_order, row.patience_s = given.check_on_order, given.patience_s
    row.pull_every_s = None if row.protocol in WITHOUT_SUPPLIER else given.pull_every_s
    row.pull_at = clock.now() if row.pull_every_s else None


async def _not_ended(session: WriteSession, channel_id: UUID) -> SupplyChannel:
    found = select(SupplyChannel).where(SupplyChannel.public_id == channel_id).with_for_update(key_share=True)
    row = await session.scalar(found)
    if row is None:
        raise NotFoundError
    if row.state == "ended":
        raise ChannelEndedError
    return row


async def _seal(session: WriteSession, vault: Vault, row: SupplyChannel, credentials: Mapping[str, str]) -> None:
    if credentials:
        key = await cards.data_key_for(session, vault, PURPOSE, PERIOD)
        plain = json.dumps({name: value.strip() for name, value in credentials.items()}).encode()
        row.data_key_id, row.sealed_credentials = key.id, vault.seal_bytes(key, _place(row.code), plain)


async def _credentials(session: ReadSession, vault: Vault, row: SupplyChannel) -> dict[str, str]:
    if row.data_key_id is None or row.sealed_credentials is None:
        return {}
    key = await cards.data_key(session, row.data_key_id)
    opened: dict[str, str] = json.loads(vault.open_bytes(key, _place(row.code), bytes(row.sealed_credentials)))
    return opened


def _place(code: str) -> bytes:
    return b"supply-channel\0" + code.encode()
