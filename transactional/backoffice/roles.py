"""Which staff may do what at the desk, by the same rules as the JSON API; everybody on the staff may look."""

from collections.abc import Awaitable, Callable

from transactional.accounts import rules
from transactional.errors import NotAllowedError
from transactional.web.page import Clerk


def may(act: str) -> Callable[[Clerk], Awaitable[None]]:
    """A dependency that raises NotAllowedError for staff whose role may not do the act."""

    async def check(clerk: Clerk) -> None:
        if not rules.may(clerk.role, act):
            raise NotAllowedError

    return check
