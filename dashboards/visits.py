"""Entries of the access log as pages are opened and files taken: once for each page and its filters, not each run."""

import logging
from collections.abc import Mapping

import streamlit as st

from dashboards.store import access_log
from dashboards.store.access_log import Access
from dashboards.store.database import StoreError
from dashboards.view import View
from mingsuan import clock

LOGGED = "logged_visit"
THIS_MACHINE = "this machine"
"""Who looks where nobody logs in."""


class UnloggedError(Exception):
    """Who looks could not be written down, so nothing is shown; the message says why."""


def filters() -> dict[str, str]:
    """What the address asks for at this moment."""
    return {str(name): str(value) for name, value in st.query_params.items()}


def look(view: View) -> None:
    """Logs that this page is looked at with these filters, unless that was the last thing logged in this session.

    Raises UnloggedError when it cannot be kept and people log in; without a log-in a warning stands above the page.
    """
    asked = filters()
    visit = (view.page, view.manifest.version, tuple(sorted(asked.items())))
    if st.session_state.get(LOGGED) == visit:
        return
    if _written(view, asked):
        st.session_state[LOGGED] = visit
    else:
        st.warning(
            view.gettext("The access log cannot be written: the server's log says why. The figures are not touched."),
            icon=":material/edit_off:",
        )


def taken(view: View, asked: Mapping[str, str], file: str) -> None:
    """Logs that a file is taken away. Raises UnloggedError as `look` does."""
    _written(view, asked, file)


def _written(view: View, asked: Mapping[str, str], export: str | None = None) -> bool:
    viewer = view.viewer
    who = viewer.name if viewer.is_known else THIS_MACHINE
    roles = tuple(sorted(viewer.roles))
    try:
        access_log.write(
            view.store,
            Access(clock.now(), who, viewer.subject, roles, view.page, asked, view.manifest.version, export),
        )
    except StoreError as error:
        logging.getLogger(__name__).error("access log: %s", error)
        if viewer.is_known:
            raise UnloggedError(str(error)) from error
        return False
    return True
