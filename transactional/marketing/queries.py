"""SQL of advertising statements."""

from collections.abc import Sequence

from sqlalchemy import select, text

from transactional.arrays import arrays, insert
from transactional.db import ReadSession, WriteSession
from transactional.marketing.models import AdStatement
from transactional.marketing.rules import CampaignDay, Spend

SPEND = {
    "id": "bigint",
    "statement_id": "bigint",
    "line_no": "bigint",
    "platform": "text",
    "spend_date": "date",
    "campaign_code": "text",
    "acquisition_channel": "text",
    "amount_fen": "bigint",
    "posted_fen": "bigint",
    "clicks": "bigint",
    "impressions": "bigint",
}
RESERVE = text("select nextval('shop.ad_spend_id_seq') from generate_series(1, :count)")
INSERT = text(insert("ad_spend", SPEND))
POSTED = text("""
select s.spend_date, s.campaign_code, s.acquisition_channel, sum(s.posted_fen)::bigint as fen
from shop.ad_spend as s
where s.platform = :platform and s.spend_date between :since and :until
group by 1, 2, 3
""")
UNHEARD_OF = text("""
select named from unnest(cast(:channels as text[])) as named
where not exists (select from shop.customer as c where c.acquisition_channel = named) order by 1
""")


async def stored(session: ReadSession, digest: bytes) -> AdStatement | None:
    return await session.scalar(select(AdStatement).where(AdStatement.file_sha256 == digest))


async def posted(session: ReadSession, statement: AdStatement) -> dict[CampaignDay, dict[str, int]]:
    """Fen in the ledger by campaign's day and acquisition channel, of the statement's platform and days."""
    of = {"platform": statement.platform, "since": statement.from_date, "until": statement.to_date}
    found: dict[CampaignDay, dict[str, int]] = {}
    for row in await session.execute(POSTED, of):
        found.setdefault((row.spend_date, row.campaign_code), {})[row.acquisition_channel] = row.fen
    return found


async def keep(session: WriteSession, statement: AdStatement, spends: Sequence[Spend]) -> list[int]:
    """Writes the lines; their ids."""
    ids = list(await session.scalars(RESERVE, {"count": len(spends)}))
    rows = [
        (
            number,
            statement.id,
            each.line.line_no,
            statement.platform,
            each.line.day,
            each.line.campaign,
            each.line.channel,
            each.line.amount_fen,
            each.posted_fen,
            each.line.clicks,
            each.line.impressions,
        )
        for number, each in zip(ids, spends, strict=True)
    ]
    await session.execute(INSERT, arrays("ad_spend", SPEND, rows))
    return ids


async def unheard_of(session: ReadSession, channels: Sequence[str]) -> list[str]:
    """Those acquisition channels by which no customer came."""
    return list(await session.scalars(UNHEARD_OF, {"channels": list(channels)}))
