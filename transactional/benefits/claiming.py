"""A provider spends a ticket and gets, from server to server, what it needs to activate: the only way of a code to it.

Whoever asks has proven to be the provider already (`provider_api`).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, text, update

from mingsuan import clock
from transactional.benefits import bindings, in_step, providers, signing
from transactional.benefits.activation_rules import next_query
from transactional.benefits.errors import TicketRefusedError
from transactional.benefits.models import Activation, ActivationOutcome, Launch
from transactional.benefits.providers import Partner
from transactional.cards import service as cards
from transactional.cards.vault import Vault
from transactional.db import WriteSession

UNITS = text("""
select e.fulfilment_id from shop.activation as a join shop.entitlement as e on e.id = a.entitlement_id
where a.launch_id = :launch_id and a.state = 'opened' order by e.id for update of e
""")
CLAIMED = text("""
select a.id, a.public_id, e.public_id as benefit, e.expires_at, f.public_id as fulfilment, s.code as sku,
    coalesce(pp.provider_product, '') as provider_product, c.public_id as customer,
    card.ciphertext is not null or sealed.id is not null as has_secret
from shop.activation as a
join shop.entitlement as e on e.id = a.entitlement_id
join shop.fulfilment as f on f.id = e.fulfilment_id
join shop.sku as s on s.id = e.sku_id
join shop.customer as c on c.id = e.customer_id
left join shop.card on card.id = e.card_id
left join shop.sealed_delivery as sealed on sealed.fulfilment_id = f.id
left join shop.product_provider as pp on pp.product_id = e.product_id and pp.removed_at is null
where a.launch_id = :launch_id and a.state = 'opened' and e.state in ('ready', 'revealed') and f.state = 'delivered'
    and a.card_id is not distinct from e.card_id
order by a.id
""")


async def claim(
    session: WriteSession, vault: Vault, partner: Partner, launch: UUID, ticket: str, zone: ZoneInfo
) -> Mapping[str, Any]:
    """The answer to a provider that spends a ticket: its benefits with their codes. A ticket is spent once.

    What was refunded, replaced or ended since the way was opened is not among them. Raises TicketRefusedError.
    """
    at = clock.now()
    way = await session.scalar(
        select(Launch).where(Launch.public_id == launch, Launch.provider_id == partner.id).with_for_update()
    )
    if way is None or way.claimed_at is not None or way.expires_at <= at:
        raise TicketRefusedError
    if not signing.same(ticket, signing.ticket(partner.secret, str(way.public_id), bytes(way.nonce))):
        raise TicketRefusedError
    units = list(await session.scalars(UNITS, {"launch_id": way.id}))
    await in_step.bring(session, units, zone)
    rows = (await session.execute(CLAIMED, {"launch_id": way.id})).all()
    if not rows:
        raise TicketRefusedError
    way.claimed_at = at
    benefits = [await _handed(session, vault, way.customer_id, row, at) for row in rows]
    await session.flush()
    await in_step.bring(session, units, zone)
    account = await bindings.account_ref(session, vault, way.provider_account_id) if way.provider_account_id else None
    return {
        "type": "claim.answer",
        "launch": str(way.public_id),
        "customer": providers.pseudonym(partner, rows[0].customer),
        "account": {"ref": account} if account else None,
        "benefits": benefits,
    }


async def _handed(session: WriteSession, vault: Vault, customer_id: int, row: Any, at: datetime) -> dict[str, Any]:
    """One benefit as the provider gets it; from now on only the provider knows what becomes of it."""
    spent = update(Activation).where(Activation.id == row.id)
    await session.execute(spent.values(state="unknown", query_at=next_query("unknown", 0, at)))
    outcome = {"activation_id": row.id, "state": "unknown", "learnt_by": "claim", "happened_at": at}
    await session.execute(insert(ActivationOutcome).values(outcome))
    told = {
        "activation": str(row.public_id),
        "benefit": str(row.benefit),
        "product": row.provider_product,
        "sku": row.sku,
        "expires_at": row.expires_at.isoformat() if row.expires_at else None,
    }
    if not row.has_secret:
        return told
    code = await cards.reveal(session, vault, customer_id, row.fulfilment)
    return {**told, "code": code.code or code.content, "secret": code.secret}
