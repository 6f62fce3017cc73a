"""What questions for single rows answer with."""

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True, slots=True)
class Lines:
    """Rows behind a figure: at most as many as asked for, with the count and the sum of all of them."""

    frame: pd.DataFrame
    total_rows: int
    total_fen: int
