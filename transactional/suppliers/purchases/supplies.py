"""Suppliers' connections of this process, kept open over many purchases; opened anew when a channel is changed.

Opening one costs more than most calls over it (a TLS context, a token).
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from transactional.cards.vault import Vault
from transactional.db import ReadSession
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.keeping import OpenChannel
from transactional.suppliers.models import SupplyChannel
from transactional.suppliers.protocols.interface import Supply

LOOK_EVERY = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class _Kept:
    settings: tuple[str, bytes | None, Mapping[str, Any], int]
    supply: Supply


@dataclass(slots=True)
class Supplies:
    """What is open, by channel. Those of a changed channel end with the process: calls over them may be under way."""

    opener: Callable[[ReadSession, Vault, int], Awaitable[OpenChannel]] = channels.opened
    _open: dict[int, _Kept] = field(default_factory=dict)
    _replaced: list[Supply] = field(default_factory=list)
    _looked_at: dict[int, datetime] = field(default_factory=dict)

    async def of(self, session: ReadSession, vault: Vault, channel_id: int) -> Supply:
        """Raises what `channels.opened` raises."""
        row = await session.get_one(SupplyChannel, channel_id)
        settings = (row.base_url, row.sealed_credentials, row.options, row.patience_s)
        kept = self._open.get(channel_id)
        if kept is None or kept.settings != settings:
            if kept is not None:
                self._replaced.append(kept.supply)
            kept = _Kept(settings, (await self.opener(session, vault, channel_id)).supply)
            self._open[channel_id] = kept
        return kept.supply

    def may_look(self, offer_id: int, at: datetime) -> bool:
        """Whether this process asks about an offer's price now; not after every failure of a bad hour."""
        last = self._looked_at.get(offer_id)
        if last is not None and at - last < LOOK_EVERY:
            return False
        self._looked_at[offer_id] = at
        return True

    async def aclose(self) -> None:
        for supply in (*self._replaced, *(kept.supply for kept in self._open.values())):
            await supply.aclose()
        self._open.clear()
        self._replaced.clear()
