"""What a form of the desk does happens once, however often it is sent; a form that is out of date does nothing."""

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Form
from pydantic import BaseModel

from transactional.accounts.schemas import StaffSubject
from transactional.db import WriteSession, writing
from transactional.idempotency import CommandKey, once
from transactional.schemas import View
from transactional.web.page import Page

FormKey = Annotated[str, Form(alias="idempotency_key", min_length=8, max_length=160, pattern=r"^[\x21-\x7e]+$")]
Reason = Annotated[str, Form(max_length=500)]
Answer = TypeVar("Answer", bound=BaseModel)


class Done(View):
    """What a form did: the name of the sentence that the next page says, and a number or sum in it."""

    said: str
    count: int = 0


async def do_once(
    page: Page,
    clerk: StaffSubject,
    key: str,
    asked: str,
    view: type[Answer],
    work: Callable[[WriteSession], Awaitable[Answer]],
) -> Answer:
    """The answer of `work`, done now or when the form was first sent, in one transaction that commits here.

    Raises IdempotencyKeyReusedError when the form's key came with another form, and what `work` raises.
    """
    async with writing(page.shop.engine) as session:
        return await once(session, command_key(clerk, key, asked), view, lambda: work(session))


def command_key(clerk: StaffSubject, key: str, asked: str) -> CommandKey:
    """Forms and programs of one member of staff never share a key."""
    return CommandKey(f"staff:{clerk.public_id}", f"desk:{key}", asked)
