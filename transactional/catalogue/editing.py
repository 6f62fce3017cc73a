"""Changing what is sold, by staff: each change is on record with who made it. The rules of it are the service's."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from transactional.accounts.service import record_act
from transactional.catalogue import pictures, queries, service
from transactional.catalogue.schemas import CategoryChange, CategoryView, PriceView, ProductChange, ProductView
from transactional.db import ReadSession, WriteSession
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError

Answer = TypeVar("Answer")
Work = Callable[[WriteSession], Awaitable[Answer]]
"""What a form does, in the transaction that it is given."""


async def recorded(
    session: WriteSession,
    staff_id: int,
    act: str,
    subject: str,
    work: Callable[[], Awaitable[Answer]],
    **detail: str | int | None,
) -> Answer:
    """The work, and the act of staff in the same transaction."""
    answer = await work()
    await record_act(session, staff_id, act, subject, detail=detail)
    return answer


async def change_product(session: WriteSession, slug: str, change: ProductChange) -> ProductView:
    """Raises NotFoundError, InvalidInputError for a category that there is not."""
    values = change.model_dump(exclude_none=True, exclude={"category_slug"})
    if change.category_slug is not None:
        category_id = await queries.category_id(session, change.category_slug)
        if category_id is None:
            raise InvalidInputError([FieldProblem("category_slug", "There is no such category.")])
        values["category_id"] = category_id
    if values and not await queries.change_product(session, slug, values):
        raise NotFoundError
    return await service.product_for_staff(session, slug)


async def change_category(session: WriteSession, slug: str, change: CategoryChange) -> CategoryView:
    """Raises NotFoundError."""
    values = change.model_dump(exclude_none=True)
    if values and not await queries.change_category(session, slug, values):
        raise NotFoundError
    found = next((each for each in await service.categories(session) if each.slug == slug), None)
    if found is None:
        raise NotFoundError
    return found


async def set_picture(session: WriteSession, slug: str, uploaded: bytes | None) -> ProductView:
    """A picture, or none any more. Raises as `pictures` does."""
    if uploaded is None:
        await pictures.remove_picture(session, slug)
    else:
        await pictures.set_picture(session, slug, uploaded)
    return await service.product_for_staff(session, slug)


async def prices(session: ReadSession, slug: str) -> tuple[PriceView, ...]:
    """Every price that a product's SKUs have, had or will have, the latest first."""
    return await queries.prices(session, slug)
