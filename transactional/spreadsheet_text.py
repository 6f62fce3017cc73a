"""Text in files that spreadsheets open: never a formula. How files are made belongs to the slices. Pure."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
BLANKS = " \u00a0\u3000"
"""Some spreadsheets look behind them."""


def harmless(cell: str) -> str:
    """The cell as it is, behind an apostrophe when a spreadsheet might calculate it."""
    return f"'{cell}" if cell.lstrip(BLANKS).startswith(FORMULA_STARTS) else cell
