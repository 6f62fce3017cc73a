"""After a busy day: the books against the gateways' own, the tables against each other. Empty answers are good ones."""

from collections import Counter, defaultdict
from collections.abc import Iterator

import psycopg

from simulation.gateways.book import Book
from simulation.gateways.entries import Method
from transactional.orders.rules import state_of

METHODS: tuple[Method, ...] = ("wechat", "alipay", "unionpay")

# Each lists what must not be.
WRONG = {
    "a code delivered twice": """
        select delivered_fulfilment_id from shop.card where state = 'delivered' group by 1 having count(*) <> 1""",
    "a delivered card without its delivered unit": """
        select c.id from shop.card c left join shop.fulfilment f on f.id = c.delivered_fulfilment_id
        where c.state = 'delivered' and f.delivered_at is null""",
    "a delivered unit without its card": """
        select f.id from shop.fulfilment f join shop.order_item i on i.id = f.order_item_id
        join shop.sku s on s.id = i.sku_id join shop.product p on p.id = s.product_id
        where p.kind in ('card_code', 'physical') and f.delivered_at is not null
            and not exists (select from shop.card c where c.delivered_fulfilment_id = f.id and c.state = 'delivered')
            and not exists (select from shop.card_defect d where d.fulfilment_id = f.id
                and d.replacement_card_id is null)""",
    "a code sold although it was bad before": """
        select d.id from shop.card_defect d join shop.card c on c.id = d.card_id where c.state <> 'defective'""",
    "a code held for nobody": """
        select c.id from shop.card c where c.state = 'available' and c.free_at = 'infinity'
            and not exists (select from shop.fulfilment f where f.order_item_id = c.held_item_id
                and f.state = 'waiting' and f.waits_for = 'manual')""",
    "a paid unit that is neither given, given back nor waiting for people": """
        select f.id, f.state, f.waits_for from shop.fulfilment f join shop.order_item i on i.id = f.order_item_id
        join shop.sku s on s.id = i.sku_id join shop.product p on p.id = s.product_id
        join shop.payment y on y.order_id = i.order_id and y.state = 'succeeded'
        where f.state not in ('delivered', 'refunded') and not (f.state = 'waiting' and coalesce(f.waits_for =
            case p.kind when 'api_topup' then 'supplier' when 'manual_service' then 'manual'
                when 'physical' then 'manual' end, false))""",
    "a unit given although nobody paid": """
        select f.id from shop.fulfilment f join shop.order_item i on i.id = f.order_item_id
        where f.delivered_at is not null
            and not exists (select from shop.payment y where y.order_id = i.order_id and y.state = 'succeeded')""",
    "more given back for a unit than it cost": """
        select f.id from shop.fulfilment f join shop.refund r on r.fulfilment_id = f.id
        group by f.id having sum(r.amount_fen) > f.gross_fen - f.discount_fen""",
    "an undelivered unit not given back whole, at once": """
        select f.id from shop.fulfilment f join shop.refund r on r.fulfilment_id = f.id where f.delivered_at is null
        group by f.id having count(*) <> 1 or sum(r.amount_fen) <> f.gross_fen - f.discount_fen
            or f.state <> 'refunded'""",
    "more given back of a payment than came": """
        select p.id from shop.payment p join shop.refund_payout r on r.payment_id = p.id
        group by p.id having sum(r.amount_fen) > p.amount_fen""",
    "a refund whose payout is of another sum": """
        select y.id from shop.refund_payout y join shop.refund r on r.payout_id = y.id
        group by y.id having sum(r.amount_fen) <> y.amount_fen""",
    "a case that only a person could end": """
        select kind, subject from shop.review_case where resolved_at is null
            and kind <> 'refund_amount_differs' -- a notice lied; payouts are compared with the gateways' books
        """,
    "a job that was given up": """
        select task_name, args from jobs.procrastinate_jobs where status in ('failed', 'aborted', 'cancelled')""",
}

# Control accounts by books that know nothing of postings: fen, debit positive.
BOOKS = {
    "card_inventory": "select sum(cost_fen) from shop.card where state = 'available'",
    "customer_wallet": "select -sum(balance_fen) from shop.wallet",
    "refund_payable": "select -sum(amount_fen) from shop.refund where state <> 'succeeded'",
    "unapplied_receipts": "select 0",
    "unearned_sales": """
        select -sum(f.gross_fen - f.discount_fen) from shop.fulfilment f
        join shop.order_item i on i.id = f.order_item_id join shop.orders o on o.id = i.order_id
        join shop.sku s on s.id = i.sku_id join shop.product p on p.id = s.product_id
        where o.paid_at is not null and f.state = 'waiting' and p.kind <> 'membership'""",
    "unearned_membership": """
        select -sum(m.net_fen - m.released_fen) from shop.membership_period m where m.ended_at is null""",
}
STATEMENTS = """
select w.customer_id, w.balance_fen, -sum(e.amount_fen)::bigint from shop.wallet w
left join shop.ledger_entry e on e.customer_id = w.customer_id and e.account = 'customer_wallet'
group by 1, 2 having w.balance_fen is distinct from -sum(e.amount_fen)::bigint
"""
RECEIVABLE = """
select coalesce(p.method, q.method, u.method, 'nobody'), sum(e.amount_fen)::bigint
from shop.ledger_entry e join shop.ledger_transaction t on t.id = e.transaction_id
cross join lateral (select split_part(t.reference, ':', 1) as what, split_part(t.reference, ':', 2)::bigint as id) as r
left join shop.payment p on r.what in ('payment', 'fee') and p.id = r.id
left join shop.refund q on r.what = 'refund-paid' and q.id = r.id
left join shop.unapplied_receipt u on r.what in ('receipt', 'receipt-fee', 'receipt-returned') and u.id = r.id
where e.account = 'gateway_receivable' group by 1
"""
STATES = """
select o.order_no, o.state, o.paid_at is not null, o.completed_at is not null, array_agg(f.state)
from shop.orders o join shop.order_item i on i.order_id = o.id join shop.fulfilment f on f.order_item_id = i.id
group by o.id
"""
PAYOUTS = """
select out_refund_no, method, amount_fen from shop.refund_payout where state = 'succeeded' and method <> 'wallet'
"""
PAID = """
select out_trade_no, method, amount_fen from shop.payment
where method <> 'wallet' and state in ('succeeded', 'unapplied')
"""


def wrong(database: psycopg.Connection) -> dict[str, list[tuple[object, ...]]]:
    """What must not be, by its name."""
    found = {what: database.execute(query).fetchall() for what, query in WRONG.items()}
    found["a wallet that is not its statement"] = database.execute(STATEMENTS).fetchall()
    found["an order whose state is not its parts'"] = list(_strange_orders(database))
    return {what: rows for what, rows in found.items() if rows}


def _strange_orders(database: psycopg.Connection) -> Iterator[tuple[object, ...]]:
    for order_no, state, paid, completed, units in database.execute(STATES).fetchall():
        derived = state_of(paid, units)
        if state != ("completed" if completed and derived == "delivered" else derived):
            yield order_no, state, units


def differences(database: psycopg.Connection, book: Book) -> dict[str, tuple[int, int]]:
    """Accounts whose balance (first) is not what the independent book (second) says."""
    balances = Counter[str](
        dict(database.execute("select account, sum(amount_fen)::bigint from shop.ledger_entry group by 1").fetchall())
    )
    expected = {name: int(_one(database, query) or 0) for name, query in BOOKS.items()}
    compared = {name: (balances[name], fen) for name, fen in expected.items()}
    owed = defaultdict[str, int](int, database.execute(RECEIVABLE).fetchall())
    compared |= {f"gateway_receivable of {method}": (owed[method], book.receivable_fen(method)) for method in METHODS}
    sums = (balances["gateway_receivable"], sum(book.receivable_fen(method) for method in METHODS))
    compared |= {"gateway_receivable": sums, "trial balance": (sum(balances.values()), 0)}
    return {name: pair for name, pair in compared.items() if pair[0] != pair[1]}


def _one(database: psycopg.Connection, query: str) -> object:
    row = database.execute(query).fetchone()
    return row[0] if row else None


def unlike_the_gateways(database: psycopg.Connection, book: Book) -> set[tuple[str, str, int]]:
    """Payments and refunds that only one side knows, or knows otherwise."""
    ours = {tuple(row) for query in (PAID, PAYOUTS) for row in database.execute(query).fetchall()}
    theirs = {
        (entry, method, fen)
        for method in METHODS
        for trade in book.trades(method)
        for entry, fen in (
            (trade.out_trade_no, trade.paid_fen),
            *(
                (refund.out_refund_no, refund.amount_fen)
                for refund in book.refunds(method, trade.out_trade_no)
                if refund.state == "succeeded"
            ),
        )
        if fen
    }
    return ours ^ theirs  # type: ignore[return-value]
