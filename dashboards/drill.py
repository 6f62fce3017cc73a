"""From a figure to what is behind it: a link to a page, or to a part of it, with the filters in its address."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from dashboards import visits
from dashboards.view import View


@dataclass(frozen=True, slots=True)
class Drill:
    """A link: `label` says what it shows, `query` is what the page is asked for."""

    page: Any
    label: str
    query: Mapping[str, str]

    def show(self) -> None:
        st.page_link(self.page, label=self.label, icon=":material/arrow_forward:", query_params=dict(self.query))


def to(view: View, page: str, label: str, **query: str) -> Drill | None:
    """A link to the page of this name; None for readers whose roles do not include it.

    The address carries `query` and the language and version that the reader looks at.
    """
    target = view.links.get(page)
    return None if target is None else Drill(target, label, {**view.kept_choices, **query})


def here(view: View, label: str, **query: str) -> Drill | None:
    """A link to this page as it is asked for now, with `query` besides: a part of it that is not shown yet."""
    return to(view, view.page, label, **{**visits.filters(), **query})
