"""The row that fixes the shop's currency and zone, seen from bulk writers."""

from transactional.bulk_copy import Connection


class OtherCurrencyError(ValueError):
    """The shop keeps its accounts in another currency."""

    def __init__(self, have: str, wanted: str) -> None:
        super().__init__(f"this shop keeps its accounts in {have}, and amounts in {wanted} cannot be added to them")


def fix_profile(connection: Connection, currency: str, timezone: str) -> str:
    """Fix currency and zone, and return the zone in force. Raises OtherCurrencyError.

    A profile made before the shop had any price, order or posting still follows the first one who brings money.
    """
    connection.execute(
        "insert into shop.shop_profile (id, currency, timezone) values (1, %s, %s) on conflict (id) do nothing",
        (currency, timezone),
    )
    connection.execute(
        "update shop.shop_profile set currency = %s where id = 1 and currency <> %s"
        " and not exists (select from shop.price) and not exists (select from shop.orders)"
        " and not exists (select from shop.ledger_transaction)",
        (currency, currency),
    )
    row = connection.execute("select currency, timezone from shop.shop_profile where id = 1 for update").fetchone()
    have, zone = row if row else (currency, timezone)
    if have != currency:
        raise OtherCurrencyError(str(have), currency)
    return str(zone)
