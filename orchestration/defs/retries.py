"""Which errors pass by themselves, and how long a step waits before it tries again. All others fail at once."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
import duckdb
import psycopg

from mingsuan.postgres import DatabaseUnavailableError

TRANSIENT = (DatabaseUnavailableError, psycopg.OperationalError, duckdb.IOException, ConnectionError, TimeoutError)
"""The source was out of reach for a while; a refused batch, a full disk or a failed test does not mend itself."""
TRIES = 3
FIRST_WAIT_S = 10


@contextmanager
def tried_again(context: dg.AssetExecutionContext) -> Iterator[None]:
    """Ask for another try of the step after 10, 40 and 160 seconds when a transient error ends the block.

    A step repeats nothing: a batch lands whole or not at all, and the next one resumes at its watermark.
    """
    try:
        yield
    except TRANSIENT as error:
        wait_s = FIRST_WAIT_S * 4**context.retry_number
        context.log.warning(f"{type(error).__name__}: {error}")
        raise dg.RetryRequested(max_retries=TRIES, seconds_to_wait=wait_s) from error
