"""Which pages a reader finds, in groups, and what answers under the address of one that is not for them."""

from dataclasses import replace
from functools import partial
from typing import Any, get_args

import streamlit as st

from dashboards import frame, url, visits
from dashboards.access import AccessRefusedError, Viewer, require
from dashboards.page import Group, Page
from dashboards.pages import PAGES
from dashboards.view import View
from mingsuan.i18n import Translator

GROUPS: tuple[Group, ...] = get_args(Group)


def group_titles(_: Translator) -> dict[Group, str]:
    """What the groups are called."""
    return {"owner": _("Business"), "buyer": _("Buying"), "auditor": _("Audit"), "explore": _("Explore")}


def pages_for(viewer: Viewer) -> list[Page]:
    """The pages that the viewer may open."""
    return [page for page in PAGES if viewer.roles.intersection(page.roles)]


def run(view: View, first: str | None = None) -> None:
    """Shows the page that is asked for. `first` is the one at the bare address, by default the first allowed one.

    Raises AccessRefusedError for a page of other roles, and for a viewer for whom there is none.
    """
    allowed = pages_for(view.viewer)
    if not allowed:
        raise AccessRefusedError(_roles_of(PAGES))
    home = next((page for page in PAGES if page.name == first), allowed[0])
    links: dict[str, Any] = {}
    linked = replace(view, links=links)
    titles = group_titles(view.gettext)
    listed: dict[str, list[Any]] = {titles[group]: [] for group in GROUPS if any(p.group == group for p in allowed)}
    unlisted = list[Any]()
    for page in PAGES:
        links[page.name] = _entry(page, linked, is_home=page is home, is_listed=page in allowed)
        (listed[titles[page.group]] if page in allowed else unlisted).append(links[page.name])
    # The default page answers at the bare address only; this makes it answer under its name as well.
    unlisted.append(_entry(home, linked, is_home=False, is_listed=False))
    next(iter(listed.values())).extend(unlisted)
    # Shortened lists end in an English "View more", whatever the language.
    st.navigation(listed, position="top", expanded=True).run()


def _entry(page: Page, view: View, *, is_home: bool, is_listed: bool) -> Any:
    return st.Page(
        partial(_show, page, view),
        title=page.title(view.gettext),
        icon=page.icon,
        url_path="first" if is_home else page.name,
        default=is_home,
        visibility="visible" if is_listed else "hidden",
    )


def _show(page: Page, view: View) -> None:
    """Logged before anything is read, and again when the page put other filters into the address."""
    require(view.viewer, *page.roles)
    named = replace(view, page=page.name)
    visits.look(named)
    note = st.container()
    page.show(named)
    if left_out := url.ignored():
        with note:
            frame.left_out(view, left_out)
    visits.look(named)


def _roles_of(pages: tuple[Page, ...]) -> str:
    return ", ".join(sorted({role for page in pages for role in page.roles}))
