"""The suppliers' side of a planned history into rows: before its orders who they are, after them what was bought."""

from collections.abc import Mapping

from simulation.plan import Plan
from simulation.planned import PlannedUnit
from simulation.purchase_rows import PurchaseRows
from simulation.supplier_money_rows import SupplierMoneyRows
from simulation.supply_rows import write_estimates, write_supply
from transactional.bulk_copy import Connection
from transactional.cards.vault import Vault
from transactional.orders.historic import BoughtFrom

ITEMS = "select id, order_item_id from shop.fulfilment where id = any(%s)"


class SuppliedRows:
    """Writes into the caller's transaction, on a connection of role shop_app; `skus` are keys by place."""

    def __init__(self, connection: Connection, plan: Plan, vault: Vault, skus: list[int]) -> None:
        self._connection = connection
        self._plan = plan
        self._vault = vault
        self._skus = skus
        self._bought = plan.supply.supplied.deliveries()
        self._keys = write_supply(connection, plan.supply.supplied, skus)

    def source(self, unit: PlannedUnit) -> BoughtFrom | None:
        """Where a unit came from that was bought for its order."""
        bought = self._bought.get(unit.number)
        return BoughtFrom(*self._keys.whose(bought.channel)) if bought else None

    def waits_for(self, unit: PlannedUnit) -> str | None:
        """A supplier, for a unit that is still being bought."""
        is_bought = unit.state == "waiting" and unit.number in self._plan.supply.supplied.wanted
        return "supplier" if is_bought else None

    def write(self, fulfilments: Mapping[int, int]) -> None:
        """Everything that refers to orders; `fulfilments` are keys by unit."""
        write_estimates(self._connection, self._plan.supply.supplied, self._keys)
        purchases = PurchaseRows(self._connection, self._plan, self._vault, self._keys, self._skus, fulfilments).write()
        items = self._items(fulfilments)
        SupplierMoneyRows(self._connection, self._plan, self._keys, purchases, fulfilments, items).write()

    def _items(self, fulfilments: Mapping[int, int]) -> dict[int, int]:
        """Keys of the order items of what had to be bought, by unit."""
        of_unit = {unit: fulfilments[unit] for unit in self._plan.supply.supplied.wanted}
        rows = self._connection.execute(ITEMS, (list(of_unit.values()),)).fetchall()
        item_of = {int(str(fulfilment)): int(str(item)) for fulfilment, item in rows}
        return {unit: item_of[fulfilment] for unit, fulfilment in of_unit.items()}
