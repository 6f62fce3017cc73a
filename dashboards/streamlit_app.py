"""The router: finds the published version, says what is missing when there is none, and hands a View to a page.

Served by `python -m streamlit run dashboards/streamlit_app.py --server.address ADDRESS --server.port PORT`; everything
else is in `.streamlit/config.toml` beside this file and in the MINGSUAN_* environment.
"""

from pathlib import Path

import duckdb
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from dashboards import access, login, navigation, snapshots, states, url, visits
from dashboards.definitions import Definitions
from dashboards.queries.asking import Reader
from dashboards.store.database import Store
from dashboards.view import Theme, View
from mingsuan import clock, snapshot
from mingsuan.i18n import LANGUAGES, Translator, translator
from mingsuan.settings import Settings

STYLE = Path(__file__).with_name("style.css")
ICON = Path(__file__).with_name("icon.svg")
NEWEST = "newest"
LANGUAGE_NAMES = {"zh_CN": "中文", "en": "English"}


def main(first: str | None = None) -> None:
    """One run for one reader; `first` is the page at the bare address, by default the first that they may open."""
    settings = Settings()
    st.set_page_config(page_title="明算 Mingsuan", page_icon=str(ICON), layout="wide")
    st.html(STYLE)
    with st.sidebar:
        filters, foot = st.container(key="filters"), st.container(key="foot")
    _ = translator(_language(settings, foot), "dashboards")
    try:
        viewer = _viewer(settings)
        _who(viewer, foot, _)
        view = _view(settings, viewer, filters, foot, _)
        navigation.run(view, first)
    except access.UnguardedError as unguarded:
        states.unguarded(_, str(unguarded))
    except login.LogInNeededError:
        states.log_in(_)
    except login.LogInRefusedError as refusal:
        states.not_admitted(_, refusal)
    except login.LogInBrokenError:
        states.log_in_broken(_)
    except visits.UnloggedError as unlogged:
        states.unlogged(_, unlogged)
    except access.AccessRefusedError:
        states.refused(_)
    except snapshot.SnapshotError:
        states.no_snapshot(_, settings.published_dir)
    except (duckdb.Error, snapshots.UnreadableError) as error:
        states.unreadable(_, error, snapshots.versions(settings.published_dir))


def _viewer(settings: Settings) -> access.Viewer:
    """Who reads: by the log-in when there is one, else whoever sits at this machine."""
    claims = st.user.to_dict()
    if "is_logged_in" not in claims:
        if settings.dashboards_login_file is not None:
            raise login.LogInBrokenError
        return access.single_user(st.get_option("server.address"), settings.dashboards_open)
    if not claims["is_logged_in"]:
        raise login.LogInNeededError
    return login.identified(claims, login.Rules.of(settings), clock.now())


def _who(viewer: access.Viewer, foot: DeltaGenerator, _: Translator) -> None:
    """Who is logged in, and the way out."""
    if viewer.is_known:
        with foot:
            st.caption(_("Logged in as {who}").format(who=viewer.name))
            st.button(_("Log out"), key="log_out", on_click=st.logout, icon=":material/logout:")


def _language(settings: Settings, foot: DeltaGenerator) -> str:
    with foot:
        return url.segments(
            "lang",
            "语言 · Language",
            LANGUAGES,
            settings.language,
            LANGUAGE_NAMES.__getitem__,
        )


def _view(
    settings: Settings, viewer: access.Viewer, filters: DeltaGenerator, foot: DeltaGenerator, _: Translator
) -> View:
    newest = snapshot.resolve(settings)
    names = snapshots.versions(settings.published_dir)
    with foot:
        asked = url.select(
            "version",
            _("Version"),
            [NEWEST, *names],
            NEWEST,
            lambda name: _("Newest") if name == NEWEST else name,
            help=_("Every kept version can be opened; figures of a version never change."),
        )
    folder = newest if asked == NEWEST else snapshot.resolve(settings, asked)
    theme: Theme = "dark" if st.context.theme.type == "dark" else "light"
    attempt, unreadable = _attempt(settings)
    opened = snapshots.opened(str(folder.resolve()))
    return View(
        reader=Reader(opened, viewer),
        manifest=opened.manifest,
        gettext=_,
        language=st.session_state[url.key_of("lang")],
        theme=theme,
        now=clock.now(),
        published=settings.published_dir,
        attempt=attempt,
        attempt_unreadable=unreadable,
        is_older=folder.resolve() != newest.resolve(),
        filters=filters,
        definitions=Definitions(
            opened.semantics, st.session_state[url.key_of("lang")] == "zh_CN", _("This version carries no definitions.")
        ),
        store=Store(settings.dashboards_store_file),
    )


def _attempt(settings: Settings) -> tuple[snapshots.Attempt | None, str | None]:
    """The last attempt, or why nothing is known of it: figures that can be read are shown all the same."""
    try:
        return snapshots.last_attempt(settings.published_dir), None
    except snapshots.UnreadableError as error:
        return None, str(error)


if __name__ == "__main__":
    main()
