"""A shop with a history of four orders, and a way to falsify its warehouse: what tests of a refresh start from."""

from pathlib import Path

from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from pipelines import warehouse
from transactional.orders.history_import import import_orders

# Customer 1 comes back after 30 days; customer 2 buys once, and once for nothing.
HISTORY = """\
 customer_id  date number_of_cds  dollar_value
 00001 19970101  1   11.77
 00001 19970131  2   20.00
 00002 19970112  5   77.00
 00002 19970112  1    0.00
"""


def shop_with_history(folder: Path, urls: DatabaseUrls) -> Settings:
    """Imports the history; the shop's state lives in `folder`."""
    settings = Settings(var=folder / "var")
    file = folder / "history.txt"
    file.write_text(HISTORY)
    import_orders(urls.app, settings, file, "cdnow")
    return settings


def tamper(settings: Settings, table: str, fen: int) -> None:
    """Adds `fen` to the first amount of a table of the warehouse, as if the next batch had brought it."""
    with warehouse.owned(settings, "test"), warehouse.connect(settings) as connection:
        connection.execute(
            f"update raw_current.{table} set amount_fen = amount_fen + ?,"
            " _batch = (select max(batch_id) + 1 from ingest.batch)"
            f" where id = (select min(id) from raw_current.{table})",
            [fen],
        )
