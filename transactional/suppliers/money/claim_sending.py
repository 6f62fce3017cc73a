"""Telling a supplier of a bad code through its protocol; written down before and after, as every call outside."""

from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from mingsuan import clock
from transactional import calls
from transactional.accounts import service as accounts
from transactional.cards.vault import Vault
from transactional.db import reading, writing
from transactional.errors import NotFoundError
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.errors import ClaimEndedError
from transactional.suppliers.models import DefectClaim, Purchase, SupplyChannel
from transactional.suppliers.money import claims

Told = Literal["sent", "no_way", "refused", "unknown"]


@dataclass(frozen=True, slots=True)
class _Asked:
    channel_id: int
    channel: str
    request_no: str
    supplier_ref: str | None
    reason: str


async def send(engine: AsyncEngine, vault: Vault, claim: UUID, staff_id: int) -> Told:
    """Commits by itself. "no_way": the protocol has no such thing, or the code came in a batch; people tell it then.

    Refused or unknown, the claim stays open and may be sent again: to report a code twice does no harm.
    Raises NotFoundError, ClaimEndedError.
    """
    asked = await _asked(engine, claim)
    if asked is None:
        return "no_way"
    async with channels.opening(engine, vault, asked.channel_id) as opened:
        about = (asked.request_no, asked.supplier_ref, asked.reason)
        answer = await calls.made(
            engine, asked.channel, "report_defect", asked.request_no, lambda: opened.supply.report_defect(*about)
        )
    if answer.outcome != "succeeded":
        return "refused" if answer.outcome == "refused" else "unknown"
    if answer.value is None:
        return "no_way"
    await _sent(engine, claim, answer.value, staff_id)
    return "sent"


async def _asked(engine: AsyncEngine, claim: UUID) -> _Asked | None:
    async with reading(engine) as session:
        found = await session.scalar(select(DefectClaim).where(DefectClaim.public_id == claim))
        if found is None:
            raise NotFoundError
        if found.state not in claims.OPEN_CLAIM:
            raise ClaimEndedError
        if found.purchase_id is None or found.channel_id is None:
            return None
        purchase = await session.get_one(Purchase, found.purchase_id)
        channel = await session.get_one(SupplyChannel, found.channel_id)
        if channel.protocol in ("own_pool", "manual"):
            return None
        return _Asked(channel.id, channel.code, purchase.request_no, purchase.supplier_ref, found.reason)


async def _sent(engine: AsyncEngine, claim: UUID, reference: str, staff_id: int) -> None:
    """A claim that ended while it was being sent stays as it ended."""
    async with writing(engine) as session:
        found = await session.scalar(select(DefectClaim).where(DefectClaim.public_id == claim).with_for_update())
        if found is None or found.state not in claims.OPEN_CLAIM:
            return
        found.state, found.sent_at, found.supplier_reference = "sent", clock.now(), reference[:200]
        await session.flush()
        detail = {"reference": found.supplier_reference}
        await accounts.record_act(session, staff_id, "send_claim", f"claim:{claim}", detail=detail)
