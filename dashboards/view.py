"""What every page is given: whom to ask for figures, what the version says of itself, and the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from streamlit.delta_generator import DeltaGenerator

from dashboards import format as written
from dashboards.access import Viewer
from dashboards.definitions import Definitions
from dashboards.queries.asking import Reader
from dashboards.snapshots import Attempt, Manifest
from dashboards.store.database import Store
from mingsuan.i18n import Translator

Theme = Literal["light", "dark"]
STALE_AFTER = timedelta(hours=26)
"""A daily refresh and two hours of grace."""


@dataclass(frozen=True, slots=True)
class View:
    """Made by the router for one run of one page, whose name is `page`; `links` has pages for `st.page_link`."""

    reader: Reader
    manifest: Manifest
    gettext: Translator
    language: str
    theme: Theme
    now: datetime
    published: Path
    attempt: Attempt | None
    attempt_unreadable: str | None
    is_older: bool
    filters: DeltaGenerator
    definitions: Definitions
    store: Store
    links: Mapping[str, Any] = field(default_factory=dict)
    page: str = ""

    @property
    def kept_choices(self) -> dict[str, str]:
        """What a link to another page must carry to stay in the same version and language."""
        version = {"version": self.manifest.version} if self.is_older else {}
        return {"lang": self.language, **version}

    @property
    def viewer(self) -> Viewer:
        return self.reader.viewer

    @property
    def currency(self) -> str:
        return self.manifest.currency

    @property
    def age(self) -> timedelta:
        """How long ago the figures were true."""
        return self.now - self.manifest.source_instant

    @property
    def is_stale(self) -> bool:
        return self.age > STALE_AFTER and not self.is_older

    @property
    def failed_attempt(self) -> Attempt | None:
        """The last attempt to publish when it failed after the newest version was made."""
        if self.attempt is None or self.attempt.published:
            return None
        return self.attempt

    def money(self, fen: int) -> str:
        return written.amount(fen, self.currency)

    def local(self, moment: datetime) -> str:
        """An instant in the shop's zone, zone named."""
        return written.instant(moment, self.manifest.zone)

    def named(self, zh: object, en: object, otherwise: str) -> str:
        """A name of the catalogue in the reader's language, or in the other one; `otherwise` when it has none."""
        first, second = (zh, en) if self.language == "zh_CN" else (en, zh)
        return next((str(name) for name in (first, second) if isinstance(name, str) and name), otherwise)
