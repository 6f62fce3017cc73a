"""What a page says of itself, beside the function that shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from dashboards.access import Role
from dashboards.view import View
from mingsuan.i18n import Translator

Group = Literal["owner", "buyer", "auditor", "explore"]
"""Where the navigation lists a page."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `name` is its address, `icon` one of Material's, `roles` who may open it."""

    name: str
    title: Callable[[Translator], str]
    icon: str
    group: Group
    roles: tuple[Role, ...]
    show: Callable[[View], None]
