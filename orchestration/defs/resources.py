"""What assets are given: the settings, the shop's database and progress that ends up in the run's log."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from mingsuan.postgres import database
from mingsuan.progress import Progress
from mingsuan.settings import Settings


class Shop(dg.ConfigurableResource[None]):
    """Settings are read when a step starts, so definitions load without any."""

    def settings(self) -> Settings:
        return Settings()

    @contextmanager
    def reader_url(self) -> Iterator[str]:
        """The shop's database as `shop_reader`; the embedded server is started when none was given."""
        with database(self.settings()) as urls:
            yield urls.reader


def progress(log: dg.DagsterLogManager) -> Progress:
    """Progress as lines of the run's log."""

    def tell(step: str, done: int | None = None, total: int | None = None) -> None:
        log.info(step if done is None or total is None else f"{step} {done:,}/{total:,}")

    return tell
