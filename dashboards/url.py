"""Choices that live in the address: a page opened from its address shows the same figures.

The address carries stable words (`period=30d`), never translated labels, so it means the same in every language.
"""

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote

import streamlit as st

IGNORED = "ignored_choices"


def key_of(name: str) -> str:
    """Session key of the widget that holds the choice `name`."""
    return f"choice_{name}"


def seed(name: str, options: Sequence[str], default: str) -> str:
    """Fill the choice from the address when it changed there (opened, or gone back to); returns the widget's key."""
    key = key_of(name)
    asked = st.query_params.get(name)
    if asked not in options:
        ignore(name, asked)
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


def ignore(name: str, asked: str | None) -> None:
    """Remembers that the address asks for what there is not, unless it is what was chosen here before."""
    if asked is not None and asked != st.session_state.get(f"kept_{name}"):
        st.session_state.setdefault(IGNORED, {})[name] = asked


def ignored() -> dict[str, str]:
    """What the address asked for in this run and was left out, by name; forgotten once it is told."""
    found: dict[str, str] = st.session_state.pop(IGNORED, {})
    return found


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


def several(
    name: str, label: str, options: Sequence[str], wording: Callable[[str], str], **more: Any
) -> tuple[str, ...]:
    """Any of `options`, in their order; none chosen means all. The address has them with commas between."""
    key = key_of(name)
    asked = st.query_params.get(name)
    if asked is not None and asked != st.session_state.get(f"kept_{name}"):
        wanted = [unquote(word) for word in asked.split(",")]
        st.session_state[key] = [option for option in options if option in wanted]
        if unknown := [word for word in wanted if word not in options]:
            ignore(name, _joined(unknown))
    else:
        st.session_state[key] = [option for option in options if option in st.session_state.get(key, [])]
    picked: list[str] = st.multiselect(label, options, format_func=wording, key=key, persist_state="session", **more)
    chosen = tuple(option for option in options if option in picked)
    keep(name, _joined(chosen) or None, None)
    return chosen


def _joined(words: Sequence[str]) -> str:
    """With commas between; those inside a word are written as `%2C`."""
    return ",".join(word.replace("%", "%25").replace(",", "%2C") for word in words)
