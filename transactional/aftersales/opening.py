"""Opening a case; and giving the money back at once where the published refund rule leaves nothing to decide.

The order and its units stay locked from the decision to the refund: a code cannot be shown in between.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.aftersales import conversation, evidence, queries, rules, unit_queries
from transactional.aftersales.errors import CaseRefusedError, TooManyRequestsError
from transactional.aftersales.evidence_files import CleanFile
from transactional.aftersales.models import (
    AftersalesCase,
    AftersalesCaseUnit,
    AftersalesDecision,
    AftersalesResolution,
)
from transactional.aftersales.rules import REASONS, Outlook
from transactional.aftersales.schemas import CaseOpened, NewCase, OrderOutlook, UnitOutlook
from transactional.aftersales.unit_queries import UnitFacts
from transactional.aftersales.wording import REFUSALS
from transactional.cards.vault import Vault
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, NotFoundError, ShopError
from transactional.orders.due import lock_due
from transactional.payments import refunds

DAY = timedelta(days=1)


async def outlook(session: ReadSession, customer_id: int, order_no: str) -> OrderOutlook:
    """What a case about each unit would lead to, by reason. Raises NotFoundError."""
    units = await unit_queries.units_of_order(session, customer_id, order_no)
    if not units:
        raise NotFoundError
    at = clock.now()
    return OrderOutlook(
        units=tuple(
            UnitOutlook(id=unit.id, outlooks={reason: rules.outlook(unit.rule, reason, at) for reason in REASONS})
            for unit in units
        )
    )


async def promised(
    session: ReadSession, customer_id: int, units: Sequence[UnitFacts], reason: str, at: datetime
) -> Outlook:
    """What a case about these units together leads to. Raises CaseRefusedError naming each unit that stands against."""
    found = [rules.outlook(unit.rule, reason, at) for unit in units]
    refused = [
        FieldProblem("body.unit_ids", REFUSALS[each], (("unit_no", unit.unit_no),))
        for unit, each in zip(units, found, strict=True)
        if each in REFUSALS
    ]
    if refused:
        raise CaseRefusedError(refused)
    of_late = await unit_queries.refunded_at_once(session, customer_id, at - rules.AT_ONCE_WINDOW)
    return rules.together(found, of_late)


def chosen(units: Sequence[UnitFacts], wanted: Collection[UUID]) -> list[UnitFacts]:
    """Raises NotFoundError when one of the wanted is not among the units."""
    found = [unit for unit in units if unit.id in set(wanted)]
    if not found or len(found) != len(set(wanted)):
        raise NotFoundError
    return found


async def open_case(
    session: WriteSession, vault: Vault, customer_id: int, new: NewCase, files: Sequence[CleanFile], zone: ZoneInfo
) -> CaseOpened:
    """A case about units of the customer's own order, or the refund that the rule gives at once.

    Raises NotFoundError, CaseRefusedError, TooMuchEvidenceError, TooManyRequestsError.
    """
    if await queries.opened_since(session, customer_id, clock.now() - DAY) >= rules.CASES_A_DAY:
        raise TooManyRequestsError
    due = await lock_due(session, new.order_no, customer_id)
    await unit_queries.lock_units(session, due.order_id)
    units = chosen(await unit_queries.units_of_order(session, customer_id, new.order_no), new.unit_ids)
    at = clock.now()
    expected = await promised(session, customer_id, units, new.reason, at)
    case = AftersalesCase(
        customer_id=customer_id,
        order_id=due.order_id,
        reason=new.reason,
        state="open",
        opened_at=at,
        due_at=rules.due_after("open", "write", None, at),
    )
    links = await _kept(session, case, units)
    await conversation.say(session, vault, case, new.words, at)
    await evidence.attach(session, vault, case, files, at)
    refunded_fen = await _refunded_at_once(session, case, units, links, at, zone) if expected == "refund_now" else None
    return CaseOpened.model_validate({"id": case.public_id, "state": case.state, "refunded_fen": refunded_fen or 0})


async def _kept(
    session: WriteSession, case: AftersalesCase, units: Sequence[UnitFacts]
) -> dict[int, AftersalesCaseUnit]:
    """The case and, by fulfilment, its units; whoever opens another case about them waits for the order's lock."""
    session.add(case)
    await session.flush()
    links = {unit.inside: AftersalesCaseUnit(case_id=case.id, fulfilment_id=unit.inside) for unit in units}
    session.add_all(links.values())
    await session.flush()
    return links


async def _refunded_at_once(
    session: WriteSession,
    case: AftersalesCase,
    units: Sequence[UnitFacts],
    links: dict[int, AftersalesCaseUnit],
    at: datetime,
    zone: ZoneInfo,
) -> int | None:
    """What went back; none when the money cannot go back by itself: then a person looks."""
    try:
        async with session.begin_nested():
            wanted: list[tuple[int, int | None]] = [(unit.inside, None) for unit in units]
            await refunds.grant(session, wanted, f"case:{case.public_id}", None, at, zone)
    except ShopError:
        return None
    total = sum(unit.left_fen for unit in units)
    resolution = AftersalesResolution(case_id=case.id, kind="refund", amount_fen=total, decided_at=at)
    session.add(resolution)
    await session.flush()
    session.add_all(
        AftersalesDecision(resolution_id=resolution.id, case_unit_id=links[unit.inside].id, amount_fen=unit.left_fen)
        for unit in units
    )
    case.state, case.due_at, case.closed_at = "resolved", None, at
    await session.flush()
    await queries.close_units(session, case.id)
    return total
