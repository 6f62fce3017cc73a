"""Ingest, build, test and publish in one go, as one owner of the warehouse."""

from mingsuan.progress import Progress, silent
from mingsuan.settings import Settings
from pipelines import warehouse
from pipelines.attempt import record_attempt
from pipelines.build import build
from pipelines.build_context import remember_as_of
from pipelines.ingest import ingest
from pipelines.publish import NotPublishableError, publish
from pipelines.versions import Version


def refresh(
    settings: Settings,
    reader_url: str,
    *,
    as_of: str | None = None,
    full_refresh: bool = False,
    nightly: bool = False,
    progress: Progress = silent,
) -> Version:
    """Bring the published snapshot up to the shop as it is now, behaviour censored at `as_of` when given.

    Raises NotPublishableError when a blocking test failed, ValueError for a bad `as_of`, and what ingest raises; the
    published version then stays what it was, and the attempt is recorded.
    """
    with warehouse.owned(settings, "refresh", progress):
        if as_of is not None:
            remember_as_of(settings, as_of)
        try:
            ingest(settings, reader_url, progress=progress)
            result = build(settings, full_refresh=full_refresh, nightly=nightly, progress=progress)
            refusal = result.refusal()
            if refusal is not None:
                raise NotPublishableError(refusal)
            return publish(settings, progress)
        except NotPublishableError:
            raise
        except Exception as error:
            record_attempt(settings, source_instant=None, version=None, error=f"{error}", tests=())
            raise
