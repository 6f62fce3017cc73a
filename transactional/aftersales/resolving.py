"""How staff end a case: another code, money back, goodwill, or no. The money moves in the transaction of the decision.

Each unit of a case is decided once; the case is closed with the last of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.aftersales import conversation, handling, queries, rules, unit_queries
from transactional.aftersales.errors import NotReplaceableError
from transactional.aftersales.models import AftersalesCase, AftersalesDecision, AftersalesResolution
from transactional.aftersales.schemas import CaseMoved, ResolutionKind
from transactional.aftersales.service import moved, moved_to
from transactional.aftersales.unit_queries import UnitFacts
from transactional.cards.defects import BadCode, report_defect
from transactional.cards.vault import Vault
from transactional.db import WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError
from transactional.notices.service import tell
from transactional.orders.due import lock_due_by_id
from transactional.payments import refunds
from transactional.payments.errors import RefundTooLargeError
from transactional.suppliers.money import claims


@dataclass(frozen=True, slots=True)
class Decision:
    """What staff decide about units of a case that they saw at a revision, and what the customer is told.

    `amounts_fen` by unit for refunds, none: all that is left; for goodwill the whole sum is `goodwill_fen`.
    """

    kind: ResolutionKind
    case_id: UUID
    seen: int
    amounts_fen: Mapping[UUID, int | None]
    words: str = ""
    goodwill_fen: int = 0


async def decide(session: WriteSession, vault: Vault, staff_id: int, decision: Decision, zone: ZoneInfo) -> CaseMoved:
    """Raises NotFoundError, CaseClosedError, CaseMovedOnError, NotReplaceableError, InvalidInputError, and whatever
    refunds and replacements refuse; then the transaction must not be committed.
    """
    case, rows = await _locked(session, decision)
    by_id = {unit.inside: unit for unit in await unit_queries.units_by_id(session, [row.inside for row in rows])}
    units = [by_id[row.inside] for row in rows]
    at = clock.now()
    amounts = await _done(session, staff_id, decision, case, units, at, zone)
    await _kept(session, staff_id, decision, case, dict(zip((row.case_unit for row in rows), amounts, strict=True)), at)
    await conversation.say(session, vault, case, decision.words, at, staff_id=staff_id)
    await _after(session, case, at)
    detail = {"units": len(units), "amount_fen": sum(amounts), "kind": decision.kind, "reason": case.reason}
    await accounts.record_act(
        session, staff_id, f"{decision.kind}_in_case", handling.subject(case.public_id), detail=detail
    )
    return moved_to(case)


async def _locked(session: WriteSession, decision: Decision) -> tuple[AftersalesCase, Sequence[Any]]:
    """The case and the rows of the units decided about, none of them decided before. The order is locked first, as
    by all who move its money."""
    order_id = await queries.order_of(session, decision.case_id, None)
    if order_id is None:
        raise NotFoundError
    await lock_due_by_id(session, order_id)
    await unit_queries.lock_units(session, order_id)
    case = await handling.seen_by(session, decision.case_id, decision.seen)
    rows = [row for row in await queries.units(session, case.id) if row.id in decision.amounts_fen]
    if not rows or len(rows) != len(decision.amounts_fen) or any(row.decision for row in rows):
        raise InvalidInputError([FieldProblem("unit", "Choose at least one unit that is not decided yet.")])
    return case, rows


async def _done(
    session: WriteSession,
    staff_id: int,
    decision: Decision,
    case: AftersalesCase,
    units: Sequence[UnitFacts],
    at: datetime,
    zone: ZoneInfo,
) -> list[int]:
    """Moves what the decision moves; the fen that each unit's part of it comes to. Faulty goods that a supplier
    delivered for the order are claimed from it.
    """
    reason = handling.subject(case.public_id)
    if decision.kind != "reject" and case.reason in rules.FAULTS:
        await claims.complained(session, [unit.inside for unit in units], case.reason, staff_id, case.id)
    match decision.kind:
        case "replace":
            for unit in units:
                await _replaced(session, unit, reason, staff_id, zone)
        case "refund":
            return await _refunded(session, decision, units, reason, staff_id, at, zone)
        case "goodwill":
            return await _credited(session, decision, case, units, zone)
    return [0] * len(units)


async def _replaced(session: WriteSession, unit: UnitFacts, reason: str, staff_id: int, zone: ZoneInfo) -> None:
    if not unit.is_replaceable:
        raise NotReplaceableError
    done = await report_defect(session, BadCode(None, unit.id), reason, staff_id, zone)
    if not done.replaced:
        raise NotReplaceableError


async def _refunded(
    session: WriteSession,
    decision: Decision,
    units: Sequence[UnitFacts],
    reason: str,
    staff_id: int,
    at: datetime,
    zone: ZoneInfo,
) -> list[int]:
    wanted = [(unit.inside, decision.amounts_fen[unit.id]) for unit in units]
    if any(fen is not None and fen <= 0 for _, fen in wanted):
        raise InvalidInputError([FieldProblem("amount_fen", "Must be more than zero.")])
    await refunds.grant(session, wanted, reason, staff_id, at, zone)
    return [unit.left_fen if fen is None else fen for unit, (_, fen) in zip(units, wanted, strict=True)]


async def _credited(
    session: WriteSession, decision: Decision, case: AftersalesCase, units: Sequence[UnitFacts], zone: ZoneInfo
) -> list[int]:
    """Goodwill into the wallet, at most the price of the units; its ledger reference lets it happen once a unit."""
    if not 0 < decision.goodwill_fen <= sum(unit.net_fen for unit in units):
        raise RefundTooLargeError
    customer = await unit_queries.customer(session, case.customer_id)
    reference = f"{handling.subject(case.public_id)}:{min(unit.inside for unit in units)}"
    await accounts.credit_wallet(session, customer, decision.goodwill_fen, "goodwill", reference, zone)
    return [decision.goodwill_fen, *[0] * (len(units) - 1)]


async def _kept(
    session: WriteSession,
    staff_id: int,
    decision: Decision,
    case: AftersalesCase,
    amounts: Mapping[int, int],
    at: datetime,
) -> None:
    total = sum(amounts.values())
    resolution = AftersalesResolution(
        case_id=case.id, kind=decision.kind, amount_fen=total, staff_id=staff_id, decided_at=at
    )
    session.add(resolution)
    await session.flush()
    session.add_all(
        AftersalesDecision(resolution_id=resolution.id, case_unit_id=unit, amount_fen=fen)
        for unit, fen in amounts.items()
    )
    await session.flush()


async def _after(session: WriteSession, case: AftersalesCase, at: datetime) -> None:
    """Closed, and the customer told, when every unit is decided."""
    moved(case, "decide")
    rows = await queries.units(session, case.id)
    kinds = {row.decision for row in rows if row.decision}
    if all(row.decision for row in rows):
        case.state, case.due_at, case.closed_at = rules.closed_by(kinds), None, at
        await session.flush()
        await queries.close_units(session, case.id)
        await tell(session, case.customer_id, "case_closed", handling.subject(case.public_id))
    else:
        subject = f"{handling.subject(case.public_id)}#{case.revision}"
        await tell(session, case.customer_id, "case_answered", subject)
    await session.flush()
