"""What staff do with stock at the desk, each act once and on record: write off, correct a cost, credit, report, export.

A code that is typed travels in the body of a form and is never shown again; codes leave in the export file alone.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from transactional.accounts.schemas import StaffSubject
from transactional.backoffice.card_pages import batch_page
from transactional.backoffice.card_wording import done_texts
from transactional.backoffice.clerk_session import unconfirmed
from transactional.backoffice.errors import ReasonNeededError
from transactional.backoffice.forms import RefusedForm, amount_fen, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, Reason, command_key, do_once
from transactional.backoffice.roles import may
from transactional.cards import batch_costs, write_off
from transactional.cards.defects import BadCode, report_defect
from transactional.cards.export import export_batch
from transactional.db import WriteSession, writing
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError, ShopError
from transactional.idempotency import first_time
from transactional.web.page import Clerk, DeskPage, Page, go

router = APIRouter(prefix="/desk/cards", include_in_schema=False)
may_mend = Depends(may("mend_stock"))
MOST_CODES = 200
MOST_CHARACTERS = 100_000
Amount = Annotated[str, Form(max_length=40)]
Work = Callable[[WriteSession], Awaitable[Done]]


@router.get("/defects", dependencies=[may_mend])
async def defects_form(page: DeskPage, done: str = "", n: int = 0) -> HTMLResponse:
    return _defects(page, done=done_texts(page.translate, n, page.money).get(done, ""))


@router.post("/defects", dependencies=[may_mend])
async def report_defects(
    page: DeskPage,
    clerk: Clerk,
    key: FormKey,
    codes: Annotated[str, Form(max_length=MOST_CHARACTERS)] = "",
    reason: Reason = "",
) -> Response:
    """One code a line: all are reported, or none when one cannot be."""
    typed = list(dict.fromkeys(filter(None, (line.strip() for line in codes.splitlines()))))
    prints = {page.shop.vault.fingerprint(code): line for line, code in enumerate(typed, start=1)}

    async def work(session: WriteSession) -> Done:
        for fingerprint in sorted(prints):  # everybody locks in the same order
            await _report(session, page, clerk, fingerprint, prints[fingerprint], reason)
        return Done(said="defects", count=len(prints))

    try:
        _need(reason)
        if not 0 < len(prints) <= MOST_CODES:
            raise InvalidInputError(
                [FieldProblem("codes", "Type between 1 and {most} codes, one a line.", (("most", MOST_CODES),))]
            )
        asked = f"defects {' '.join(each.hex() for each in sorted(prints))} {reason}"
        done = await do_once(page, clerk, key, asked, Done, work)
    except ShopError as refusal:
        return _defects(page, status=refusal.status, fault=sentence_of(refusal, page.language), reason=reason)
    return go(f"/desk/cards/defects?done={done.said}&n={done.count}")


@router.post("/{batch}/void", dependencies=[may_mend])
async def void(
    page: DeskPage, clerk: Clerk, batch: UUID, key: FormKey, count: Amount = "", reason: Reason = ""
) -> Response:
    """All that is left and not held, or so many of it."""

    async def work(session: WriteSession) -> Done:
        gone = await write_off.void_batch(session, batch, reason, clerk.id, page.shop.zone, count=_count(count))
        return Done(said="void", count=gone.count)

    return await _done(page, clerk, batch, key, f"void {batch} {count} {reason}", reason, work)


@router.post("/{batch}/cost", dependencies=[may_mend])
async def correct_cost(
    page: DeskPage, clerk: Clerk, batch: UUID, key: FormKey, cost: Amount = "", reason: Reason = ""
) -> Response:
    async def work(session: WriteSession) -> Done:
        fen = amount_fen("cost", cost, page.shop.currency, page.translate)
        await batch_costs.correct_cost(session, batch, fen, reason, clerk.id, page.shop.zone)
        return Done(said="cost", count=fen)

    return await _done(page, clerk, batch, key, f"cost {batch} {cost} {reason}", reason, work)


@router.post("/{batch}/credit", dependencies=[may_mend])
async def credit(
    page: DeskPage,
    clerk: Clerk,
    batch: UUID,
    key: FormKey,
    amount: Amount = "",
    reason: Reason = "",
    prepaid: Annotated[bool, Form()] = False,
) -> Response:
    """What the supplier gives back: set off against what is owed, or added to the balance kept there."""

    async def work(session: WriteSession) -> Done:
        fen = amount_fen("amount", amount, page.shop.currency, page.translate)
        if fen == 0:
            raise InvalidInputError([FieldProblem("amount", "Must be more than zero.")])
        await batch_costs.credit_batch(session, batch, fen, reason, clerk.id, page.shop.zone, prepaid=prepaid)
        return Done(said="credit", count=fen)

    return await _done(page, clerk, batch, key, f"credit {batch} {amount} {prepaid} {reason}", reason, work)


@router.post("/{batch}/export", dependencies=[Depends(may("export_cards"))])
async def export(
    page: DeskPage,
    clerk: Clerk,
    batch: UUID,
    key: FormKey,
    reason: Reason = "",
    delivered: Annotated[bool, Form()] = False,
) -> Response:
    """The codes in clear, as a file: for who proved lately who they are, with a reason, on record first."""
    if away := await unconfirmed(page, f"/desk/cards/{batch}"):
        return away
    if not reason.strip():
        return await _refused(page, batch, ReasonNeededError())
    command = command_key(clerk, key, f"export {batch} {delivered} {reason}")
    async with writing(page.shop.engine) as session:
        repeated = not await first_time(session, command)
        content = await export_batch(
            session, page.shop.vault, batch, reason, clerk.id, delivered=delivered, repeated=repeated
        )
    headers = {"Content-Disposition": f'attachment; filename="codes-{batch}.csv"', "Cache-Control": "no-store"}
    return Response(content, media_type="text/csv", headers=headers)


async def _report(
    session: WriteSession, page: Page, clerk: StaffSubject, fingerprint: bytes, line: int, reason: str
) -> None:
    """A refusal names the line, never the code."""
    try:
        await report_defect(session, BadCode(fingerprint, None), reason, clerk.id, page.shop.zone)
    except NotFoundError:
        raise InvalidInputError(
            [
                FieldProblem(
                    "codes", "Line {line}: this code was never in stock here. Nothing was done.", (("line", line),)
                )
            ]
        ) from None
    except ShopError as refusal:
        words = (("line", line), ("why", refusal.sentence(page.language)))
        raise InvalidInputError([FieldProblem("codes", "Line {line}: {why}", words)]) from None


async def _done(
    page: Page, clerk: StaffSubject, batch: UUID, key: str, asked: str, reason: str, work: Work
) -> Response:
    """Done once, then back to the batch; a refusal shows the batch as it is now, and why."""
    try:
        _need(reason)
        done = await do_once(page, clerk, key, asked, Done, work)
    except NotFoundError:
        raise
    except (RefusedForm, ShopError) as refusal:
        return await _refused(page, batch, refusal)
    return go(f"/desk/cards/{batch}?done={done.said}&n={done.count}")


async def _refused(page: Page, batch: UUID, refusal: RefusedForm | ShopError) -> HTMLResponse:
    if isinstance(refusal, RefusedForm):
        return await batch_page(page, batch, status=422, fault=" ".join(refusal.faults.values()))
    return await batch_page(page, batch, status=refusal.status, fault=sentence_of(refusal, page.language))


def _need(reason: str) -> None:
    if not reason.strip():
        raise ReasonNeededError


def _count(typed: str) -> int | None:
    """How many; none for all. Raises InvalidInputError."""
    if not typed.strip():
        return None
    if not (typed.strip().isascii() and typed.strip().isdigit() and 0 < int(typed) <= 200_000):
        raise InvalidInputError([FieldProblem("count", "Type a whole number, or nothing for all that is left.")])
    return int(typed)


def _defects(page: Page, *, status: int = 200, done: str = "", fault: str = "", reason: str = "") -> HTMLResponse:
    return page.show(
        "backoffice/cards_defects.html",
        status=status,
        tab="cards",
        most=MOST_CODES,
        reason=reason,
        key=uuid4().hex,
        done=done,
        fault=fault,
        back="/desk/cards/defects",
    )
