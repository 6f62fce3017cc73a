"""Which staff may do what at the desk; everybody on the staff may look."""

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from transactional.errors import NotAllowedError
from transactional.web.page import Clerk

CATALOGUE_ROLES: Final = frozenset({"owner", "buyer", "operator"})
CARD_ROLES: Final = frozenset({"owner", "buyer", "operator"})
WALLET_ROLES: Final = frozenset({"owner", "operator"})


def may(roles: Collection[str]) -> Callable[[Clerk], Awaitable[None]]:
    """A dependency that raises NotAllowedError for staff of other roles."""

    async def check(clerk: Clerk) -> None:
        if clerk.role not in roles:
            raise NotAllowedError

    return check
