"""What customers agreed to and took back, kept as evidence: each act with its version and language."""

from collections.abc import Iterable

from sqlalchemy import select, text

from mingsuan import clock
from transactional.accounts.persons import consent_rules
from transactional.accounts.persons.consent_rules import DOCUMENTS, Standing, is_given
from transactional.accounts.persons.models import Consent
from transactional.db import ReadSession, WriteSession
from transactional.errors import NotFoundError

STANDINGS = text("""
select distinct on (document) document, version, act from shop.consent
where customer_id = :customer_id order by document, id desc
""")
TURNS = text("select from shop.customer where id = :customer_id for no key update")


async def give(session: WriteSession, customer_id: int, documents: Iterable[str], language: str) -> None:
    """Agrees to the versions of today; what is agreed to already is not written twice. KeyError for no document."""
    await session.execute(TURNS, {"customer_id": customer_id})
    known = await standings(session, customer_id)
    for name in documents:
        document = DOCUMENTS[name]
        if not is_given(document, known.get(name)):
            session.add(_act(customer_id, name, document.version, "given", language))
    await session.flush()


async def withdraw(session: WriteSession, customer_id: int, name: str, language: str) -> None:
    """Takes one back. Raises NotFoundError for a document without which there is no account, or none."""
    document = DOCUMENTS.get(name)
    if document is None or not document.can_be_withdrawn:
        raise NotFoundError
    await session.execute(TURNS, {"customer_id": customer_id})
    known = (await standings(session, customer_id)).get(name)
    if known is not None and known.act == "given":
        session.add(_act(customer_id, name, known.version, "withdrawn", language))
        await session.flush()


async def missing(session: ReadSession, customer_id: int) -> tuple[str, ...]:
    """Documents to be agreed to before going on; all of them again when their versions changed."""
    return consent_rules.missing(await standings(session, customer_id))


async def has_given(session: ReadSession, customer_id: int, name: str) -> bool:
    """Whether today's version is agreed to."""
    return is_given(DOCUMENTS[name], (await standings(session, customer_id)).get(name))


async def standings(session: ReadSession, customer_id: int) -> dict[str, Standing]:
    """The last act about each document."""
    rows = await session.execute(STANDINGS, {"customer_id": customer_id})
    return {row.document: Standing(row.version, row.act) for row in rows}


async def history(session: ReadSession, customer_id: int) -> tuple[Consent, ...]:
    """Every act, newest first."""
    found = select(Consent).where(Consent.customer_id == customer_id).order_by(Consent.id.desc())
    return tuple(await session.scalars(found))


def _act(customer_id: int, name: str, version: str, act: str, language: str) -> Consent:
    return Consent(
        customer_id=customer_id, document=name, version=version, act=act, language=language, happened_at=clock.now()
    )
