"""How a customer is reached about a kind of thing: in which language, over which channel, where."""

from dataclasses import dataclass, field

from sqlalchemy import select

from mingsuan.i18n import LANGUAGES
from transactional.accounts.models import Customer
from transactional.accounts.persons.contacts import phone_of
from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.notices.models import NoticePreference
from transactional.notices.rules import ALWAYS_ON, TOPIC_OF
from transactional.notices.senders.interface import Channel


@dataclass(frozen=True, slots=True)
class Reach:
    language: str
    channel: Channel
    target: str = field(repr=False)


async def reach(session: ReadSession, vault: Vault, customer_id: int, kind: str, default_language: str) -> Reach | None:
    """Mail before text messages, which cost; None when neither is there or both are switched off for the topic.

    A customer who was erased is not reached.
    """
    customer = await session.get_one(Customer, customer_id)
    if customer.erased_at is not None:
        return None
    language = customer.language if customer.language in LANGUAGES else default_language
    off = await _switched_off(session, customer_id, TOPIC_OF[kind])
    if customer.email and "email" not in off:
        return Reach(language, "email", customer.email)
    phone = await phone_of(session, vault, customer_id) if "sms" not in off else None
    return Reach(language, "sms", phone) if phone else None


async def _switched_off(session: ReadSession, customer_id: int, topic: str) -> set[str]:
    if topic in ALWAYS_ON:
        return set()
    found = select(NoticePreference.channel).where(
        NoticePreference.customer_id == customer_id, NoticePreference.topic == topic, NoticePreference.is_on.is_(False)
    )
    return set(await session.scalars(found))
