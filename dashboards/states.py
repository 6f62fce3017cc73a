"""Pages for when there are no figures: what happened, what is safe, what to do."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from mingsuan.i18n import Translator


def no_snapshot(_: Translator, published: Path) -> None:
    """Nothing has been published yet."""
    st.title(_("No figures yet"))
    st.markdown(
        _(
            "Nothing has been published for this shop. Run one of these where the shop is installed,"
            " then load this page again:"
        )
    )
    st.code(
        "mingsuan refresh     # " + _("the shop's own figures") + "\nmingsuan demo        # " + _("a simulated shop")
    )
    st.caption(_("Looked in {folder}").format(folder=published))


def refused(_: Translator) -> None:
    """The reader has none of the roles that may see this."""
    st.title(_("Not for your role"))
    st.error(
        _("Your role does not include this page. Ask the owner of the shop for it, or choose another page above."),
        icon=":material/lock:",
    )


def unguarded(_: Translator, address: str) -> None:
    """The server would show the figures to everyone who reaches it."""
    st.title(_("Not shown"))
    st.error(
        _(
            "These dashboards have no log-in yet and would answer anyone who reaches {address}. Bind them to 127.0.0.1"
            " (`MINGSUAN_HOST`), or, when something in front of them decides who comes in, set"
            " `MINGSUAN_DASHBOARDS_OPEN=true`."
        ).format(address=address),
        icon=":material/lock:",
    )


def unreadable(_: Translator, error: Exception, kept: Sequence[str]) -> None:
    """The version cannot be read: removed meanwhile, damaged, or of another make. `kept` are the versions there are."""
    st.title(_("These figures cannot be read"))
    st.error(
        _(
            "The published version could not be read: it was replaced a moment ago, or one of its files is damaged."
            " The shop and its books are not touched."
        ),
        icon=":material/error:",
    )
    todo = [
        _("Load the page again."),
        _("If this stays, run `mingsuan refresh`: it publishes a new version from the shop's books."),
        _("`mingsuan doctor` says what else is wrong with this machine."),
    ]
    if len(kept) > 1:
        todo.insert(1, _("Meanwhile another version can be opened: choose it under Version, in the side bar."))
    st.markdown("\n".join(f"{number}. {step}" for number, step in enumerate(todo, start=1)))
    st.caption(str(error).splitlines()[0] if str(error) else type(error).__name__)
