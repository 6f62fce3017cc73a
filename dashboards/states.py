"""Pages for when there are no figures: what happened, what is safe, what to do."""

from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from dashboards.login import LogInRefusedError
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


def log_in(_: Translator) -> None:
    """Nobody logged in, or too long ago."""
    st.title(_("Mingsuan dashboards"))
    st.markdown(_("Log in to see the figures. Your roles come from the shop's log-in provider."))
    st.button(_("Log in"), key="log_in", type="primary", on_click=st.login, icon=":material/login:")


def not_admitted(_: Translator, refusal: LogInRefusedError) -> None:
    """Somebody logged in who may not read."""
    st.title(_("No access"))
    reasons = {
        "no_role": _("You are logged in as {who}, who has none of the roles owner, buyer, auditor or operator here."),
        "ended": _("The access of {who} has ended."),
        "unclear_end": _("The log-in provider states a last day for {who} that cannot be read."),
    }
    st.error(reasons[refusal.reason].format(who=refusal.who), icon=":material/lock:")
    st.markdown(_("Nothing was shown. Ask the owner of the shop for access, or log in as somebody else."))
    st.button(_("Log out"), key="log_out", on_click=st.logout, icon=":material/logout:")


def log_in_broken(_: Translator) -> None:
    """A log-in is set up, but the server was started without it."""
    st.title(_("The log-in is not in force"))
    st.error(
        _(
            "`MINGSUAN_DASHBOARDS_LOGIN_FILE` names a log-in, but this server runs without one, so nothing is shown."
            " Check that the file has a section `[auth]`, then start the dashboards by `mingsuan serve`."
        ),
        icon=":material/lock:",
    )


def unlogged(_: Translator, error: Exception) -> None:
    """Who looks could not be written down."""
    st.title(_("Not shown"))
    st.error(
        _(
            "Everyone who looks at these figures is written down, and that could not be done just now, so nothing is"
            " shown. Load the page again; if this stays, whoever runs the server finds the reason in its log."
        ),
        icon=":material/edit_off:",
    )
    st.caption(str(error))


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
            "These dashboards have no log-in and would answer anyone who reaches {address}. Bind them to 127.0.0.1"
            " (`MINGSUAN_HOST`), set up a log-in (`MINGSUAN_DASHBOARDS_LOGIN_FILE`), or, when something in front of"
            " them decides who comes in, set `MINGSUAN_DASHBOARDS_OPEN=true`."
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
