"""What is remembered of each channel's purchases: taken in as they end, read when a channel is weighed."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from transactional.db import WriteSession
from transactional.suppliers.models import ChannelEstimate
from transactional.suppliers.routing.estimate_rules import Belief, Evidence, Outcome, believed, fresh, learned


async def learn(session: WriteSession, channel_id: int, outcome: Outcome) -> None:
    """Takes in how a purchase ended. Locks the channel's estimate until the transaction ends."""
    start = fresh(outcome.at)
    row = {"channel_id": channel_id, "as_of": outcome.at, "sums": asdict(start), "weight": 0.0}
    await session.execute(insert(ChannelEstimate).values(row).on_conflict_do_nothing())
    found = select(ChannelEstimate).where(ChannelEstimate.channel_id == channel_id).with_for_update()
    known = (await session.execute(found, execution_options={"populate_existing": True})).scalar_one()
    evidence = learned(Evidence(**known.sums), outcome)
    known.as_of = datetime.fromtimestamp(evidence.as_of, UTC)
    known.sums, known.weight = asdict(evidence), evidence.tries
    await session.flush()


def belief(sums: Mapping[str, Any] | None, at: datetime) -> Belief:
    """What to expect of a channel with these sums; of one that nothing was bought from, the prior."""
    return believed(Evidence(**sums) if sums else fresh(at), at)
