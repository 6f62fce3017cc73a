"""A built warehouse that answers questions as a published version does."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from pipelines import warehouse
from tests.warehouse import built


class AsVersion:
    """The tables of an open connection."""

    name = "built"

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
        found: pd.DataFrame = self._connection.execute(sql, list(parameters)).to_arrow_table().to_pandas()
        return found

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        result = self._connection.execute(sql, list(parameters))
        names = [column[0] for column in result.description or ()]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@contextmanager
def hand_fed(base: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The small shop of `hand_fed`, built once a session; `base` is the session's folder."""
    settings = built.hand_fed_shop(base)
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute("use warehouse.analytics")
        yield connection
