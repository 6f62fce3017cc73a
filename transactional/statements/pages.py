"""The desk's pages of what advertising and couriers cost: statements uploaded, and their lines."""

import re
from typing import Annotated, Any, Literal
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, File, Form, Query, UploadFile
from fastapi.responses import HTMLResponse, Response

from transactional.backoffice.forms import Faults, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import WriteSession
from transactional.errors import (
    FieldProblem,
    InvalidInputError,
    NotFoundError,
    RefusedFileError,
    ShopError,
    TooLargeError,
)
from transactional.statement_intake import LARGEST_FILE_MIB, NewFile, digest_of
from transactional.statements import views
from transactional.statements.kinds import KINDS
from transactional.statements.wording import charge_texts, done_texts, kind_texts, sender_texts, source_texts
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/costs", include_in_schema=False, dependencies=[Depends(may("see_money"))])
PLACE = re.compile(r"row (?P<row>\d+)(?:, column (?P<column>\w+))?")
Number = Annotated[int, Query(alias="page", ge=1, le=100_000)]
Kind = Literal["ad-spend", "courier"]


@router.get("")
async def listed(page: DeskPage, session: PageReading, number: Number = 1) -> HTMLResponse:
    return await _list(page, session, number)


@router.post("", dependencies=[Depends(may("import_costs"))])
async def upload(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    key: FormKey,
    sender: Annotated[str, Form(max_length=60)] = "",
    file: Annotated[UploadFile | None, File()] = None,
) -> Response:
    """`sender` is a kind and a code, such as courier:shunfeng. Whole or not at all."""
    kind, _, code = sender.partition(":")
    try:
        new = await _new(page, kind, code, file)

        async def work(session: WriteSession) -> Done:
            taken = await KINDS[kind](session, new, page.shop.zone, page.shop.currency, clerk.id)
            return Done(said=str(taken.id), count=int(taken.is_new))

        done = await do_once(page, clerk, key, f"costs {sender} {digest_of(new.content).hex()}", Done, work)
    except ShopError as refusal:
        return await _list(page, session, sender=sender, refusal=refusal)
    return go(f"/desk/costs/{kind}/{done.said}?done={'taken' if done.count else 'known'}")


@router.get("/{kind}/{statement}")
async def one(
    page: DeskPage,
    session: PageReading,
    kind: Kind,
    statement: UUID,
    number: Number = 1,
    done: Annotated[str, Query(max_length=20)] = "",
) -> HTMLResponse:
    found = await views.statement(session, kind, statement)
    if found is None:
        raise NotFoundError
    lines, more = await views.lines(session, kind, statement, number)
    return page.show(
        "statements/costs_one.html",
        tab="costs",
        statement=found,
        lines=lines,
        page=number,
        more=more,
        charges=charge_texts(page.translate),
        done=done_texts(page.translate).get(done, ""),
        **_words(page),
    )


async def _new(page: Page, kind: str, code: str, file: UploadFile | None) -> NewFile:
    """Raises InvalidInputError, TooLargeError."""
    problems = []
    if code not in sender_texts(page.language).get(kind, {}):
        problems.append(FieldProblem("sender", "Choose whose statement it is."))
    if file is None or not file.filename:
        problems.append(FieldProblem("file", "Choose a file."))
    if problems or file is None:
        raise InvalidInputError(problems)
    content = await file.read(LARGEST_FILE_MIB * 2**20 + 1)
    if len(content) > LARGEST_FILE_MIB * 2**20:
        raise TooLargeError(limit_mib=LARGEST_FILE_MIB)
    return NewFile(code, file.filename or "", content, "desk")


async def _list(
    page: Page, session: PageReading, number: int = 1, *, sender: str = "", refusal: ShopError | None = None
) -> HTMLResponse:
    rows, more = await views.statements(session, number)
    cells = refusal.problems if isinstance(refusal, RefusedFileError) else ()
    return page.show(
        "statements/costs.html",
        status=refusal.status if refusal else 200,
        tab="costs",
        statements=rows,
        page=number,
        more=more,
        form=Faults({"sender": sender}),
        fault=sentence_of(refusal, page.language) if refusal else "",
        cells=[_cell(problem, page.language) for problem in cells],
        key=uuid4().hex,
        **_words(page),
    )


def _cell(problem: FieldProblem, language: str) -> dict[str, str]:
    place = PLACE.fullmatch(problem.place)
    found = place.groupdict(default="") if place else {"row": "", "column": ""}
    return {**found, "reason": problem.sentence(language)}


def _words(page: Page) -> dict[str, Any]:
    _ = page.translate
    return {"kinds": kind_texts(_), "senders": sender_texts(page.language), "sources": source_texts(_)}
