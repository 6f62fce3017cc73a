"""Partners at whom benefits are activated: who they are, the secret shared with them, whose products are theirs."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError

from mingsuan import clock
from transactional.benefits import signing
from transactional.benefits.models import ProductProvider, Provider
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NameTakenError, NotFoundError

PURPOSE = "providers"
PERIOD = "secrets"
LOOPBACK = ("127.0.0.1", "::1", "localhost")

PRODUCTS = text("""
select p.slug, p.title_zh, p.title_en, pr.key, pp.provider_product from shop.product_provider as pp
join shop.product as p on p.id = pp.product_id
join shop.provider as pr on pr.id = pp.provider_id
where pp.removed_at is null order by pr.key, p.slug
""")


@dataclass(frozen=True, slots=True)
class Partner:
    """A provider with its secret in clear; never printed by accident."""

    id: int
    key: str
    launch_url: str
    api_url: str
    secret: bytes
    is_paused: bool

    def __repr__(self) -> str:
        return f"Partner({self.key})"


@dataclass(frozen=True, slots=True)
class Served:
    """A product whose benefits are activated at a provider; `provider_product` is the provider's name for it."""

    slug: str
    title_zh: str
    title_en: str
    key: str
    provider_product: str


@dataclass(frozen=True, slots=True)
class NewProvider:
    """A provider as staff describe it. `secret` empty makes a new one."""

    key: str
    name_zh: str
    name_en: str
    launch_url: str
    api_url: str
    secret: str = ""


async def add(session: WriteSession, vault: Vault, new: NewProvider) -> str:
    """The secret to give to the partner, as text; it is not shown again.

    Raises InvalidInputError, NameTakenError.
    """
    secret = _checked(new)
    key = await cards.data_key_for(session, vault, PURPOSE, PERIOD)
    row = Provider(
        key=new.key,
        name_zh=new.name_zh.strip(),
        name_en=new.name_en.strip(),
        launch_url=new.launch_url,
        api_url=new.api_url.rstrip("/"),
        data_key_id=key.id,
        sealed_secret=vault.seal_bytes(key, _place(new.key), secret),
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        raise NameTakenError(name=new.key) from None
    return signing.secret_text(secret)


async def renew_secret(session: WriteSession, vault: Vault, provider_key: str) -> str:
    """Another secret from now on; what is signed with the former is refused. Raises NotFoundError."""
    row = await _row(session, provider_key)
    secret = secrets.token_bytes(signing.SECRET_BYTES)
    key = await cards.data_key_for(session, vault, PURPOSE, PERIOD)
    row.data_key_id, row.sealed_secret = key.id, vault.seal_bytes(key, _place(row.key), secret)
    await session.flush()
    return signing.secret_text(secret)


async def pause(session: WriteSession, provider_key: str, paused: bool) -> None:
    """No new ways to it while it is paused; what is there already is followed on. Raises NotFoundError."""
    row = await _row(session, provider_key)
    row.paused_at = (row.paused_at or clock.now()) if paused else None
    await session.flush()


async def assign(session: WriteSession, product_id: int, provider_key: str | None, provider_product: str = "") -> None:
    """A product's benefits are activated at this provider from now on, or nowhere. Raises NotFoundError."""
    row = await _row(session, provider_key) if provider_key else None
    off = update(ProductProvider).where(ProductProvider.product_id == product_id, ProductProvider.removed_at.is_(None))
    await session.execute(off.values(removed_at=clock.now()))
    if row is not None:
        session.add(ProductProvider(product_id=product_id, provider_id=row.id, provider_product=provider_product))
    await session.flush()


async def product_id(session: ReadSession, slug: str) -> int:
    """The inside key of a product. Raises NotFoundError."""
    found: int | None = await session.scalar(text("select id from shop.product where slug = :slug"), {"slug": slug})
    if found is None:
        raise NotFoundError
    return found


async def all_of(session: ReadSession) -> tuple[Provider, ...]:
    return tuple(await session.scalars(select(Provider).order_by(Provider.key)))


async def served(session: ReadSession) -> tuple[Served, ...]:
    return tuple(Served(**row._mapping) for row in await session.execute(PRODUCTS))


async def by_key(session: ReadSession, vault: Vault, provider_key: str) -> Partner:
    """Raises NotFoundError."""
    return await _opened(session, vault, await _row(session, provider_key))


async def by_id(session: ReadSession, vault: Vault, provider_id: int) -> Partner:
    """Raises NotFoundError."""
    row = await session.get(Provider, provider_id)
    if row is None:
        raise NotFoundError
    return await _opened(session, vault, row)


def pseudonym(partner: Partner, customer: UUID) -> str:
    """What a provider knows a customer by: always the same there, and of no use anywhere else."""
    return signing.pseudonym(partner.secret, customer.bytes)


async def _row(session: ReadSession, provider_key: str) -> Provider:
    row = await session.scalar(select(Provider).where(Provider.key == provider_key))
    if row is None:
        raise NotFoundError
    return row


async def _opened(session: ReadSession, vault: Vault, row: Provider) -> Partner:
    key = await cards.data_key(session, row.data_key_id)
    secret = vault.open_bytes(key, _place(row.key), bytes(row.sealed_secret))
    return Partner(row.id, row.key, row.launch_url, row.api_url, secret, row.paused_at is not None)


def _checked(new: NewProvider) -> bytes:
    wrong: Mapping[str, bool] = {
        "key": not (new.key.isascii() and new.key.isalnum() and new.key.islower() and len(new.key) <= 20),
        "name_zh": not new.name_zh.strip(),
        "name_en": not new.name_en.strip(),
        "launch_url": not _is_address(new.launch_url),
        "api_url": not _is_address(new.api_url),
    }
    problems = [
        FieldProblem(field, "This is not a value that can be used here.") for field, is_so in wrong.items() if is_so
    ]
    secret = secrets.token_bytes(signing.SECRET_BYTES)
    if new.secret:
        try:
            secret = signing.secret_bytes(new.secret)
        except ValueError:
            problems.append(FieldProblem("secret", "This is not a value that can be used here."))
    if problems:
        raise InvalidInputError(problems)
    return secret


def _is_address(given: str) -> bool:
    """HTTPS, or plain HTTP on this machine."""
    try:
        parts = urlsplit(given)
    except ValueError:
        return False
    own = parts.scheme == "http" and parts.hostname in LOOPBACK
    return bool(parts.hostname) and (parts.scheme == "https" or own) and not parts.fragment and given.isprintable()


def _place(provider_key: str) -> bytes:
    return b"provider\0" + provider_key.encode()
