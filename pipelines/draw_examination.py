"""Gives the bundles of draws to the verifier, two at a time, unless their verdicts are remembered."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from mingsuan import clock
from mingsuan.progress import Progress
from mingsuan.settings import Settings
from pipelines import draw_bundles, draw_policy, draw_verdicts, draw_verifying
from pipelines.build_context import BuildContext
from pipelines.draw_books import BookedDraw
from pipelines.draw_policy import NoPolicyError, Policy
from pipelines.draw_verdicts import By, Verdict
from pipelines.draw_verifying import Verifier

AT_ONCE = 2
NIGHT_ENDS = timedelta(hours=3)
"""Of the shop's day. The first build after it, such as the nightly one, verifies everything again."""


@dataclass(frozen=True)
class Examined:
    """What became of a draw's bundle: a verdict, or in `words` why there is none."""

    bundle: Path | None
    verdict: Verdict | None
    words: str = ""
    policy: Policy | None = None

    @property
    def shows_no_end(self) -> bool:
        """Whether it shows a draw that goes on, or nothing at all."""
        return self.verdict.verdict in draw_verdicts.BY_THE_CLOCK if self.verdict else self.bundle is None


class Examination:
    """Bundles under verification, at one second, by one verifier and one set of keys."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, context: BuildContext, verifier: Verifier
    ) -> None:
        self._public_dir, self._verifier = settings.public_dir, verifier
        self._at = clock.now()
        self._night = _last_night(self._at, ZoneInfo(context.timezone))
        self._policy: Policy | None = None
        self.by: By | None = None
        self._known: dict[str, Verdict] = {}
        self._problem = ""
        try:
            self._policy = draw_policy.pinned(settings)
        except NoPolicyError as error:
            self._problem = str(error)
        else:
            self.by = By(draw_verifying.program_sha256(), self._policy.sha256)
            self._known = draw_verdicts.remembered(connection, self.by)

    def run(self, draws: Sequence[BookedDraw], progress: Progress) -> Iterator[Examined]:
        """In the order of the draws."""
        with ThreadPoolExecutor(AT_ONCE, "draw-audit") as pool:
            try:
                for done, examined in enumerate(pool.map(self._examined, draws), 1):
                    progress("auditing draws", done, len(draws))
                    yield examined
            except BaseException:  # whoever interrupts a build does not wait for all the others
                pool.shutdown(cancel_futures=True)
                raise

    def _examined(self, draw: BookedDraw) -> Examined:
        bundle = draw_bundles.newest(self._public_dir, draw.draw_id)
        if bundle is None:
            return Examined(None, None, "it has no public bundle: its page makes one for whoever downloads it")
        if self._policy is None:
            return Examined(bundle, None, self._problem)
        try:
            return self._verified(bundle, self._policy)
        except OSError as error:
            return Examined(bundle, None, f"its bundle cannot be read: {error.strerror}")

    def _verified(self, bundle: Path, policy: Policy) -> Examined:
        with bundle.open("rb") as file:
            sha256 = draw_bundles.sha256(file)
            known = self._known.get(sha256)
            if known is not None and known.verified_at >= self._night:
                return Examined(bundle, known, policy=policy)
            told = self._verifier.verify(file, policy.file, int(self._at.timestamp()))
            if told.verdict is None or told.exit_code is None or told.verifier_version is None:
                # A busy machine takes nothing back of what was verified before.
                return Examined(bundle, known, told.words, policy)
            if told.verdict == "FORMAT" and not draw_bundles.is_whole(file):
                return Examined(bundle, None, f"its bundle is damaged: {told.words}")
            rounds = draw_bundles.rounds(file) if told.facts else {}
        verdict = Verdict(
            *(sha256, told.verdict, told.exit_code, told.words, told.verifier_version),
            *(self._at, told.took_seconds, told.facts, rounds),
        )
        return Examined(bundle, verdict, policy=policy)


def _last_night(at: datetime, zone: ZoneInfo) -> datetime:
    """The last end of a night before an instant."""
    ends = clock.start_of(clock.business_date(at, zone), zone) + NIGHT_ENDS
    return ends if ends <= at else ends - timedelta(days=1)
