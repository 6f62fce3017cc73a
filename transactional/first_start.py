"""What the command line does in the shop: first log-ins, staff, wallet credits, batches of codes.

Each function runs the same services that the running shop uses, in one transaction; nothing here is logged.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar, get_args
from uuid import uuid4

from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError

from mingsuan import money
from mingsuan.settings import Settings
from transactional.accounts import queries as account_queries
from transactional.accounts import service as accounts
from transactional.accounts.members import service as members
from transactional.accounts.schemas import CreditSource
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile, RefusedBatchError, end_of
from transactional.cards.vault import VaultClosedError
from transactional.db import WriteSession, engine, writing
from transactional.errors import NotFoundError, ShopError
from transactional.shop import Shop, open_shop

OWNER_EMAIL = "owner@mingsuan.test"
SHOPPER_EMAIL = "shopper@mingsuan.test"
SHOPPER_CREDIT = "500"
DEMO_CHANNEL = "demo"
REAL_HISTORY = text("select exists (select from shop.order_import where source <> 'simulation')")


class CommandRefusedError(RuntimeError):
    """A command was refused; the message is a sentence for the person at the terminal."""


Answer = TypeVar("Answer")
Work = Callable[[WriteSession, Shop], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class FirstLogin:
    """A log-in made at the first start; the password is known only to the run that made it."""

    role: str
    email: str
    password: str | None
    note: str

    def __repr__(self) -> str:
        return f"FirstLogin({self.role}, {self.email})"


def ensure_first_logins(app_url: str, settings: Settings) -> list[FirstLogin]:
    """An owner and a demo shopper with credit; what is there already stays as it is, its password unknown.

    No demo shopper where a real history was imported: the credit would stand in its profit and loss account.
    """
    return _in_shop(app_url, settings, _first_logins)


def add_staff(app_url: str, settings: Settings, email: str, role: str) -> str:
    """A new member of staff; the sentence holds the one-time password. Raises CommandRefusedError."""

    async def work(session: WriteSession, _shop: Shop) -> str:
        password = _new_password()
        member = await accounts.add_staff(session, email, password, "", role)
        return f"{member.email} may log in as {role} with the password {password} (shown this once)."

    return _told(app_url, settings, work, missing=f"nobody has the address {email}")


def first_owner_code(app_url: str, settings: Settings) -> str:
    """The code with which the first owner is made at /desk/set-up. Raises CommandRefusedError."""

    async def work(session: WriteSession, shop: Shop) -> str:
        code = await members.set_up_code(session, shop.vault)
        where = (settings.public_url or f"http://{settings.host}:{settings.shop_port}").rstrip("/")
        return f"Open {where}/desk/set-up and enter {code} (good for 24 hours; older codes no longer work)."

    return _told(app_url, settings, work, missing="there is no shop")


def let_back_in(app_url: str, settings: Settings, email: str) -> str:
    """The code with which a member of staff chooses a new password at /desk/join. Raises CommandRefusedError."""

    async def work(session: WriteSession, shop: Shop) -> str:
        code = await members.let_back_in(session, shop.vault, email)
        where = (settings.public_url or f"http://{settings.host}:{settings.shop_port}").rstrip("/")
        return f"Open {where}/desk/join and enter {code} with {email}; authenticator and log-ins of before have ended."

    return _told(app_url, settings, work, missing=f"no member of staff who may log in has the address {email}")


def credit_wallet(app_url: str, settings: Settings, email: str, amount: str, source: str, key: str | None) -> str:
    """Credit a customer; the same key credits once. Raises CommandRefusedError."""

    async def work(session: WriteSession, shop: Shop) -> str:
        amount_fen = money.parse(amount, shop.currency)
        if source not in get_args(CreditSource.__value__):
            raise ValueError(f"{source!r} is not a source: use {' or '.join(get_args(CreditSource.__value__))}")
        checked: CreditSource = "bank" if source == "bank" else "goodwill"
        customer = await accounts.customer_named(session, email)
        reference = f"command-line:{key or uuid4()}"
        try:
            async with session.begin_nested():
                done = await accounts.credit_wallet(session, customer, amount_fen, checked, reference, shop.zone)
        except IntegrityError:
            return f"Key {key} was used before: nothing was credited again."
        return (
            f"Credited {money.text(done.amount_fen, shop.currency)} to {customer.email} ({source});"
            f" the balance is {money.text(done.balance_fen, shop.currency)}."
        )

    return _told(app_url, settings, work, missing=f"no customer has the address {email}")


def import_card_file(
    app_url: str,
    settings: Settings,
    file: Path,
    sku: str,
    cost: str | None,
    supplier: str,
    expires: str | None = None,
) -> str:
    """Import a batch of codes. Raises RefusedBatchError naming every bad row, CommandRefusedError."""

    async def work(session: WriteSession, shop: Shop) -> str:
        total_cost_fen = None if cost is None else money.parse(cost, shop.currency)
        batch_file = BatchFile(file.name, file.read_bytes())
        ends = None if expires is None else end_of(date.fromisoformat(expires), shop.zone)
        batch = await import_batch(
            session, shop.vault, batch_file, sku, total_cost_fen, supplier, shop.zone, expires_at=ends
        )
        paid = "unknown cost" if batch.total_cost_fen is None else money.text(batch.total_cost_fen, shop.currency)
        return f"{batch.card_count:,} codes of {sku} are in the pool ({paid}), batch {batch.id}."

    return _told(app_url, settings, work, missing=f"no SKU has the code {sku}")


async def _first_logins(session: WriteSession, shop: Shop) -> list[FirstLogin]:
    owner = await _first_owner(session)
    return [owner] if await session.scalar(REAL_HISTORY) else [owner, await _demo_shopper(session, shop)]


async def _first_owner(session: WriteSession) -> FirstLogin:
    note = "the desk, at /desk in the shop"
    if await account_queries.staff_credentials(session, OWNER_EMAIL):
        return FirstLogin("owner", OWNER_EMAIL, None, note)
    password = _new_password()
    await accounts.add_staff(session, OWNER_EMAIL, password, "Owner", "owner")
    return FirstLogin("owner", OWNER_EMAIL, password, note)


async def _demo_shopper(session: WriteSession, shop: Shop) -> FirstLogin:
    credit_fen = money.parse(SHOPPER_CREDIT, shop.currency)
    note = f"demo shopper with {money.text(credit_fen, shop.currency)} in the wallet"
    if await account_queries.customer_by_email(session, SHOPPER_EMAIL):
        return FirstLogin("shopper", SHOPPER_EMAIL, None, note)
    password = _new_password()
    shopper = await accounts.register(session, SHOPPER_EMAIL, password, "Demo shopper", channel=DEMO_CHANNEL)
    await accounts.credit_wallet(session, shopper, credit_fen, "goodwill", "first-start:demo-shopper", shop.zone)
    return FirstLogin("shopper", SHOPPER_EMAIL, password, note)


def _told(app_url: str, settings: Settings, work: Work[str], missing: str) -> str:
    try:
        return _in_shop(app_url, settings, work)
    except RefusedBatchError:
        raise
    except NotFoundError:
        raise CommandRefusedError(f"Nothing was changed: {missing}.") from None
    except ShopError as error:
        reasons = " ".join(problem.sentence("en") for problem in error.problems)
        raise CommandRefusedError(reasons or error.sentence("en")) from None
    except (ValueError, VaultClosedError) as error:
        raise CommandRefusedError(str(error)) from None
    except DataError:
        raise CommandRefusedError("Nothing was changed: an amount or a text is not one that a shop can keep.") from None


def _in_shop(app_url: str, settings: Settings, work: Work[Answer]) -> Answer:
    async def run() -> Answer:
        source = engine(app_url)
        try:
            shop = await open_shop(settings, source)
            async with writing(source) as session:
                return await work(session, shop)
        finally:
            await source.dispose()

    return asyncio.run(run())


def _new_password() -> str:
    return secrets.token_urlsafe(12)
