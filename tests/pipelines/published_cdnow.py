"""The tenth of CDNOW's customers on which the models' papers report, read from the wheel that ships it as data."""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipelines.bg_nbd import Purchases

FOLDER = "lifetimes/datasets"
CUSTOMERS = 2357


def _file(name: str) -> Path:
    return Path(str(distribution("lifetimes").locate_file(f"{FOLDER}/{name}")))


@cache
def _summary() -> NDArray[np.float64]:
    """Columns: customer, repeats, week of the last one, weeks watched, mean dollars of a repeat; 39 weeks in all."""
    return np.loadtxt(_file("cdnow_customers_summary_with_transactions.csv"), delimiter=",", skiprows=1)


def purchases() -> Purchases:
    _, repeats, last, watched, _ = _summary().T
    return Purchases(repeats, last, watched, np.ones(len(repeats)))


def repeat_values() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Repeats and their mean value in dollars, of customers who came back."""
    back = _summary()[_summary()[:, 1] > 0]
    return back[:, 1], back[:, 4]


def transactions() -> list[tuple[str, str]]:
    """Customer and date (YYYYMMDD) of every line of the sample over 78 weeks."""
    lines = _file("CDNOW_sample.txt").read_text(encoding="ascii").splitlines()
    return [(cells[1], cells[2]) for cells in (line.split() for line in lines if line.strip())]
