"""What the pages of the ways in have in common: a form shown empty or refused, a code asked for, a log-in given."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import HTMLResponse, RedirectResponse
from starlette.responses import Response

from transactional.accounts.entry import code_requests
from transactional.accounts.entry.browser import Flow, flow_of, give, give_flow, visitor_of
from transactional.accounts.entry.codes import Purpose
from transactional.accounts.entry.errors import CrowdedError, TooManyTriesError
from transactional.accounts.entry.identifiers import Identifier, identified
from transactional.accounts.sessions import Opened
from transactional.db import reading
from transactional.edge import language, shop_of
from transactional.errors import ShopError
from transactional.web.page import Page, go, open_page, own_address, with_next

SAME_FORM = timedelta(seconds=30)
"""A form that comes again so soon is a double click, and is answered as the first time was."""

Who = Annotated[str, Form(alias="identifier", max_length=254)]
Password = Annotated[str, Form(max_length=1024)]
Code = Annotated[str, Form(max_length=20)]
Next = Annotated[str, Form(alias="next", max_length=2000)]


@dataclass(frozen=True, slots=True)
class Refused:
    """What is wrong with a form: at its fields, and as a whole."""

    status: int = 200
    fault: str = ""
    faults: dict[str, str] = field(default_factory=dict)
    retry_after: str = ""


async def page_of(request: Request, refusal: ShopError | None = None) -> Page:
    """The page, read now: handlers of these forms hold no connection while a password waits.

    Who was refused because there are too many is shown the form without asking the database for anything.
    """
    if isinstance(refusal, TooManyTriesError | CrowdedError):
        return Page(request, shop_of(request), language(request))
    async with reading(shop_of(request).engine) as session:
        return await open_page(request, session)


async def form(
    request: Request, template: str, refusal: ShopError | None = None, *, address: str = "/", **values: object
) -> HTMLResponse:
    """The empty form, or the refused one with every reason at its field."""
    page, own = await page_of(request, refusal), own_address(address)
    refused = told(refusal, page.language) if refusal else Refused()
    answer = page.show(
        template,
        status=refused.status,
        section="account",
        fault=refused.fault,
        faults=refused.faults,
        next=own,
        next_query="" if own == "/" else with_next("", own),
        **values,
    )
    if refused.retry_after:
        answer.headers["Retry-After"] = refused.retry_after
    return answer


def told(refusal: ShopError, language: str) -> Refused:
    faults = {problem.place: problem.sentence(language) for problem in refusal.problems}
    fault = "" if faults else refusal.sentence(language)
    return Refused(refusal.status, fault, faults, str(refusal.values.get("retry_after_seconds", "")))


async def ask_code(request: Request, purpose: Purpose, text: str, address: str, onward: str) -> RedirectResponse:
    """Sends a code and goes on to the page that takes it. Raises InvalidInputError, TooManyTriesError."""
    shop, who = shop_of(request), identified(text)
    flow = await code_requests.request_code(shop, visitor_of(request), purpose, who)
    answer = go(onward)
    give_flow(answer, Flow(purpose, flow, who.value, own_address(address)), shop.settings)
    return answer


async def code_form(
    request: Request, purpose: Purpose, template: str, start: str, refusal: ShopError | None = None
) -> Response:
    """The page that takes the code; without a flow, back to where one is asked for."""
    flow = flow_of(request, purpose)
    if flow is None:
        return go(start)
    who = identified(flow.identifier)
    return await form(
        request,
        template,
        refusal,
        address=flow.next,
        who=who.masked,
        identifier=who.value,
        channel=who.channel,
    )


def whose(flow: Flow) -> Identifier:
    """Raises InvalidInputError for a cookie that somebody wrote by hand."""
    return identified(flow.identifier)


def let_in(request: Request, opened: Opened, address: str) -> RedirectResponse:
    answer = go(own_address(address))
    give(answer, opened, shop_of(request))
    return answer
