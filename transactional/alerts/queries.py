"""Rows of alerts and of what became of telling them, for the desk."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import text

from transactional.db import ReadSession

A_PAGE = 50
LISTED = text("""
select a.*, staff.display_name as by_name from shop.alert as a left join shop.staff on staff.id = a.acknowledged_by
where (a.ended_at is not null) = :is_over
order by case when :is_over then 0 else array_position(array['critical', 'warning', 'info'], a.severity) end,
    coalesce(a.ended_at, a.raised_at) desc, a.id desc
limit :limit offset :offset
""")
DELIVERIES = text("""
select distinct on (alert_id, sink, event) alert_id, sink, event, outcome, reason, tried_at
from shop.alert_delivery where alert_id = any(cast(:ids as bigint[]))
order by alert_id, sink, event desc, tried_at desc, id desc
""")
COUNT_ON = text("select count(*) from shop.alert where ended_at is null")


async def listed(session: ReadSession, is_over: bool, page: int = 1) -> tuple[Sequence[Any], bool]:
    """The gravest first of those that are on, the newest first of those that are over; whether there are more."""
    values = {"is_over": is_over, "limit": A_PAGE + 1, "offset": (page - 1) * A_PAGE}
    rows = (await session.execute(LISTED, values)).all()
    return rows[:A_PAGE], len(rows) > A_PAGE


async def deliveries(session: ReadSession, alert_ids: Collection[int]) -> Mapping[int, list[Any]]:
    """By alert, how the last try over each sink ended."""
    found: dict[int, list[Any]] = defaultdict(list)
    for row in await session.execute(DELIVERIES, {"ids": list(alert_ids)}):
        found[row.alert_id].append(row)
    return found


async def count_on(session: ReadSession) -> int:
    found: int = (await session.execute(COUNT_ON)).scalar_one()
    return found
