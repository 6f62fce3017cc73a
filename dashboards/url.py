"""Choices that live in the address: a page opened from its address shows the same figures.

The address carries stable words (`period=30d`), never translated labels, so it means the same in every language.
"""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st


def key_of(name: str) -> str:
    """Session key of the widget that holds the choice `name`."""
    return f"choice_{name}"


def seed(name: str, options: Sequence[str], default: str) -> str:
    """Fill the choice from the address when it changed there (opened, or gone back to); returns the widget's key."""
    key = key_of(name)
    asked = st.query_params.get(name)
    if asked in options and asked != st.session_state.get(f"kept_{name}"):
        st.session_state[key] = asked
    elif st.session_state.get(key) not in options:
        st.session_state[key] = default
    return key


def keep(name: str, value: str | None, default: str | None) -> None:
    """Write a choice into the address; the default is left out."""
    if value is None or value == default:
        st.query_params.pop(name, None)
    elif st.query_params.get(name) != value:
        st.query_params[name] = value
    st.session_state[f"kept_{name}"] = value


def select(
    name: str, label: str, options: Sequence[str], default: str, wording: Callable[[str], str], **more: Any
) -> str:
    """A select box for one of `options`."""
    key = seed(name, options, default)
    chosen: str = st.selectbox(label, options, format_func=wording, key=key, persist_state="session", **more)
    keep(name, chosen, default)
    return chosen


def segments(
    name: str, label: str, options: Sequence[str], default: str, wording: Callable[[str], str], **more: Any
) -> str:
    """A row of buttons for one of `options`."""
    key = seed(name, options, default)
    chosen: str = st.segmented_control(
        label, options, format_func=wording, key=key, required=True, persist_state="session", **more
    )
    keep(name, chosen, default)
    return chosen
