"""A planned history into the rows of a shop: catalogue, customers, wallets and orders."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mingsuan.clock import start_of
from mingsuan.progress import Progress
from simulation.bill_rows import BillRows
from simulation.card_rows import CardRows
from simulation.catalogue import CATEGORIES, PRODUCTS
from simulation.club import CLUB, CLUB_PRODUCT, DURATION_DAYS
from simulation.club_rows import write_periods
from simulation.expense_rows import ExpenseRows
from simulation.loss_rows import LossRows
from simulation.plan import Plan
from simulation.planned import PlannedOrder, PlannedUnit
from simulation.settlements import balances, settlements
from simulation.supplied_rows import SuppliedRows
from simulation.written import Written, written_orders, written_payouts
from transactional.bulk_copy import Connection, copy_rows, reserve_ids
from transactional.cards.vault import Vault
from transactional.ledger import bulk
from transactional.ledger.gateway_rules import gateway_settled
from transactional.ledger.rules import wallet_credited
from transactional.orders.historic import HistoricCustomer, HistoricItem, HistoricOrder, HistoricUnit
from transactional.orders.history import HistoryWriter
from transactional.payments.rules import GATEWAYS

SOURCE = "simulation"
CHUNK = 4000
SKU = ("id", "product_id", "code", "name_zh", "name_en", "position", "duration_days")
ALL_PRODUCTS = (*PRODUCTS, CLUB_PRODUCT)


class ShopRows:
    """Writes one plan into the caller's transaction, on a connection of role shop_app."""

    def __init__(self, connection: Connection, plan: Plan, vault: Vault, progress: Progress) -> None:
        self._connection = connection
        self._plan = plan
        self._vault = vault
        self._progress = progress
        self._writer = HistoryWriter(connection, SOURCE, plan.zone)
        self._opened_at = start_of(plan.days[0], plan.zone)

    def write(self) -> None:
        """Everything, in the order of foreign keys."""
        self._progress("writing catalogue and customers")
        skus = self._catalogue()
        customers = self._customers()
        self._credits(customers)
        supplied = SuppliedRows(self._connection, self._plan, self._vault, skus)
        fulfilments = self._orders(customers, skus, supplied)
        self._settlements()
        self._progress(f"writing {len(self._plan.supply.supplied.purchases):,} purchases from suppliers")
        supplied.write(fulfilments)
        self._progress(f"sealing {sum(len(batch.costs_fen) for batch in self._plan.stock.batches):,} codes")
        cards = CardRows(self._connection, self._plan, self._vault, skus, fulfilments).write()
        self._progress("writing bills, losses and expenses")
        orders = written_orders(self._connection, SOURCE)
        written = Written(customers, skus, fulfilments, orders, written_payouts(self._connection))
        write_periods(self._connection, self._plan, written)
        LossRows(self._connection, self._plan, written, cards).write()
        BillRows(self._connection, self._plan, written).write()
        ExpenseRows(self._connection, self._plan, written).write()

    def _catalogue(self) -> list[int]:
        """Keys of the SKUs in the plan's order."""
        shelves = (*CATEGORIES, CLUB)
        keys = reserve_ids(self._connection, "category", len(shelves))
        categories = dict(zip([one.slug for one in shelves], keys, strict=True))
        rows = [(categories[one.slug], one.slug, one.zh, one.en, place) for place, one in enumerate(shelves)]
        copy_rows(self._connection, "category", ("id", "slug", "name_zh", "name_en", "position"), rows)
        keys = reserve_ids(self._connection, "product", len(ALL_PRODUCTS))
        products = dict(zip([one.slug for one in ALL_PRODUCTS], keys, strict=True))
        columns = ("id", "category_id", "slug", "kind", "title_zh", "title_en", "description_zh", "description_en")
        more = ("tutorial_zh", "tutorial_en", "publish_state", "published_at")
        copy_rows(self._connection, "product", columns + more, self._product_rows(products, categories))
        keys = reserve_ids(self._connection, "sku", len(self._plan.skus))
        sku_rows = (
            (key, products[sku.product.slug], code, sku.variant.zh, sku.variant.en, place, DURATION_DAYS.get(code))
            for place, (key, sku) in enumerate(zip(keys, self._plan.skus, strict=True))
            for code in [sku.variant.code]
        )
        copy_rows(self._connection, "sku", SKU, sku_rows)
        copy_rows(self._connection, "price", ("sku_id", "list_price_fen", "valid_from"), self._price_rows(keys))
        return keys

    def _product_rows(self, products: dict[str, int], categories: dict[str, int]) -> Iterator[tuple[object, ...]]:
        tutorials = {one.slug: (one.tutorial_zh, one.tutorial_en) for one in (*CATEGORIES, CLUB)}
        for one in ALL_PRODUCTS:
            tutorial = [text.format(zh=one.zh, en=one.en) for text in tutorials[one.category]]
            kind = "membership" if one is CLUB_PRODUCT else "card_code"
            names = (one.slug, kind, one.zh, one.en, one.about_zh, one.about_en, *tutorial)
            yield (products[one.slug], categories[one.category], *names, "published", self._opened_at)

    def _price_rows(self, skus: Sequence[int]) -> Iterator[tuple[object, ...]]:
        for key, history in zip(skus, self._plan.prices, strict=True):
            for day, price in zip(history.price_fen.days, history.price_fen.values, strict=True):
                yield key, price, start_of(self._plan.days[day], self._plan.zone)

    def _customers(self) -> list[int]:
        customers = [
            HistoricCustomer(str(one.number), one.channel, start_of(one.occasions[0], self._plan.zone), one.name)
            for one in self._plan.customers
        ]
        keys = self._writer.write_customers(customers)
        balances = zip(keys, self._plan.shopped.balances_fen, strict=True)
        copy_rows(self._connection, "wallet", ("customer_id", "balance_fen"), balances)
        return keys

    def _credits(self, customers: Sequence[int]) -> None:
        postings = (
            wallet_credited(one.reference, customers[one.customer], one.amount_fen, one.source, one.at)
            for one in self._plan.shopped.credits
        )
        bulk.write(self._connection, postings, self._plan.zone)

    def _settlements(self) -> None:
        owed = balances(self._plan.bills.bills, self._plan.chargebacks, self._plan.zone)
        planned = settlements(owed, self._plan.zone, self._plan.end)
        keys = reserve_ids(self._connection, "gateway_settlement", len(planned))
        numbered = list(zip(keys, planned, strict=True))
        columns = ("id", "method", "amount_fen", "bank_reference", "settled_at")
        rows = ((key, one.method, one.amount_fen, one.bank_reference, one.at) for key, one in numbered)
        copy_rows(self._connection, "gateway_settlement", columns, rows)
        postings = (gateway_settled(key, one.amount_fen, one.at) for key, one in numbered)
        bulk.write(self._connection, postings, self._plan.zone)

    def _orders(self, customers: Sequence[int], skus: Sequence[int], supplied: SuppliedRows) -> dict[int, int]:
        """Keys of the fulfilments by the number of their unit."""
        orders = self._plan.shopped.orders
        fulfilments: dict[int, int] = {}
        for start in range(0, len(orders), CHUNK):
            self._progress(f"writing orders from {start + 1:,} of {len(orders):,}")
            chunk = orders[start : start + CHUNK]
            keys = self._writer.write_orders(
                [self._historic(no, order, customers, skus, supplied) for no, order in enumerate(chunk, start + 1)]
            )
            numbers = (unit.number for order in chunk for unit in order.units())
            fulfilments |= dict(zip(numbers, keys, strict=True))
        return fulfilments

    def _historic(
        self,
        number: int,
        order: PlannedOrder,
        customers: Sequence[int],
        skus: Sequence[int],
        supplied: SuppliedRows,
    ) -> HistoricOrder:
        return HistoricOrder(
            source_ref=str(number),
            customer_id=customers[order.customer],
            ordered_at=order.ordered_at,
            state=order.state,
            items=tuple(
                HistoricItem(
                    line_no,
                    skus[item.sku],
                    len(item.units),
                    sum(unit.gross_fen for unit in item.units),
                    sum(unit.discount_fen for unit in item.units),
                    tuple(self._unit(order, unit, supplied) for unit in item.units),
                    item.units[0].is_membership,
                )
                for line_no, item in enumerate(order.items, 1)
            ),
            method=order.method,
            paid_at=order.paid_at,
            fee_fen=order.fee_fen,
            order_no=order.order_no,
            events=order.events,
            out_trade_no=order.out_trade_no if order.method in GATEWAYS else None,
            gateway_trade_no=order.gateway_trade_no if order.method in GATEWAYS else None,
        )

    def _unit(self, order: PlannedOrder, unit: PlannedUnit, supplied: SuppliedRows) -> HistoricUnit:
        """A membership costs nothing, and that is known."""
        stock, refund_no = self._plan.stock, order.out_refund_no(unit)
        cost_fen = 0 if unit.is_membership else stock.cost_fen(unit.number)
        first_fen = stock.posted_cost_fen(unit.number, unit.delivered_at) if unit.delivered_at else None
        refunds = tuple(replace(back, out_refund_no=refund_no) for back in unit.refunds)
        is_late = not unit.is_membership and first_fen != cost_fen
        sums = (unit.gross_fen, unit.discount_fen, cost_fen)
        source = (supplied.source(unit), supplied.waits_for(unit))
        return HistoricUnit(1, unit.state, *sums, unit.delivered_at, refunds, is_late, first_fen, *source)
