"""Checks of the ledger against itself and against the rows that it was posted for. One statement a check."""

from sqlalchemy import text

from transactional.ledger.findings import MOST, BookCheck
from transactional.ledger.rules import Account

NEVER_OVERDRAWN = (
    Account.CARD_INVENTORY,
    Account.PURCHASES_IN_FLIGHT,
    Account.CUSTOMER_WALLET,
    Account.UNEARNED_SALES,
    Account.UNEARNED_MEMBERSHIP,
    Account.UNEARNED_OTHER,
    Account.REFUND_PAYABLE,
    Account.WITHDRAWALS_PAYABLE,
    Account.DRAW_STAKES,
    Account.UNAPPLIED_RECEIPTS,
)
"""Accounts whose balance never changes sides: what is in stock, in flight, or owed to somebody."""


def _check(check: str, message: str, query: str) -> BookCheck:
    statement = f"select *, count(*) over () as found from ({query}) as wrong limit {MOST}"
    return BookCheck(check, message, text(statement))


# What should have been posted under which reference, from the tables of the business.
EXPECTED = """
select 'batch:' || b.id as reference from shop.card_batch as b
where b.total_cost_fen > 0 and not exists (select from shop.batch_cost_correction as c where c.batch_id = b.id)
    and not exists (select from shop.card as k join shop.purchased_code as of on of.card_id = k.id
        where k.batch_id = b.id)
union all
select 'delivery:' || f.id from shop.fulfilment as f
where f.delivered_at is not null and f.gross_fen > 0
    and not exists (select from shop.membership_period as m where m.fulfilment_id = f.id)
union all
select 'refund:' || r.id from shop.refund as r
union all
select 'refund-paid:' || r.id from shop.refund as r where r.state = 'succeeded'
union all
select 'receipt:' || r.id from shop.unapplied_receipt as r
union all
select 'receipt-returned:' || r.id from shop.unapplied_receipt as r where r.state = 'returned'
union all
select 'receipt-applied:' || r.id from shop.unapplied_receipt as r where r.state = 'applied'
union all
select 'chargeback:' || c.id from shop.chargeback as c
union all
select 'settlement:' || s.id from shop.gateway_settlement as s
union all
select 'batch-credit:' || c.id from shop.batch_credit as c
union all
select 'spend:' || s.id from shop.ad_spend as s where s.posted_fen <> 0
union all
select 'courier:' || c.id from shop.courier_charge as c where c.posted_fen <> 0
union all
select 'withdrawal:' || w.id from shop.withdrawal as w
union all
select 'withdrawal-paid:' || part.id from shop.withdrawal_part as part where part.state = 'paid'
union all
select 'withdrawal-returned:' || part.id from shop.withdrawal_part as part where part.state = 'returned'
union all
select case
    when r.id is not null then 'receipt-applied:' || r.id
    when p.top_up_id is not null then 'top-up:' || p.id
    else 'payment:' || p.id
end
from shop.payment as p
left join shop.unapplied_receipt as r on r.payment_id = p.id and r.state = 'applied'
where p.state = 'succeeded'
union all
select case p.state when 'failed' then 'purchase-failed:' else 'purchase-written-off:' end || p.id
from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
where p.state in ('failed', 'written_off', 'late_failed', 'late_succeeded') and p.cost_fen > 0
    and c.protocol not in ('own_pool', 'manual')
union all
select 'purchase:' || p.id from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
where p.cost_fen > 0 and c.protocol not in ('own_pool', 'manual')
union all
select 'purchase-late-failed:' || p.id from shop.purchase as p where p.state = 'late_failed' and p.cost_fen > 0
union all
select 'purchase-late-delivered:' || p.id from shop.purchase as p
where p.state = 'late_succeeded' and p.cost_fen > 0
    and exists (select from shop.purchased_code as k where k.purchase_id = p.id)
"""

# Costs that were learnt or corrected later do not tell any more whether there was one to post at first.
POSSIBLE = f"""
{EXPECTED}
union all
select 'batch:' || b.id from shop.card_batch as b
union all
select 'delivery:' || f.id from shop.fulfilment as f where f.delivered_at is not null
union all
select kind || p.id from shop.purchase as p cross join (values ('purchase:'), ('purchase-cost:')) as any_time (kind)
union all
select kind || p.id from shop.purchase as p
cross join (values ('purchase-to-stock:'), ('purchase-written-off:')) as after_refund (kind)
where p.state = 'succeeded'
union all
select 'purchase-late-delivered:' || p.id from shop.purchase as p where p.state = 'late_succeeded'
"""

CHECKS = (
    _check(
        "sum",
        "All entries together come to {total_fen} fen instead of 0.",
        "select sum(amount_fen)::bigint as total_fen from shop.ledger_entry having sum(amount_fen) <> 0",
    ),
    _check(
        "balance",
        "Ledger transaction {reference} is out of balance by {difference_fen} fen.",
        """
        select coalesce(t.reference, 'no. ' || u.transaction_id) as reference, u.difference_fen
        from (
            select transaction_id, sum(amount_fen)::bigint as difference_fen
            from shop.ledger_entry group by transaction_id having sum(amount_fen) <> 0
        ) as u left join shop.ledger_transaction as t on t.id = u.transaction_id
        """,
    ),
    _check(
        "entries",
        "Ledger transaction {reference} has no entries.",
        """
        select t.reference from shop.ledger_transaction as t
        where not exists (select from shop.ledger_entry as e where e.transaction_id = t.id)
        """,
    ),
    _check(
        "orphans",
        "Ledger transaction no. {number} is gone, but {count} of its entries are there.",
        """
        select e.transaction_id as number, count(*) as count from shop.ledger_entry as e
        where not exists (select from shop.ledger_transaction as t where t.id = e.transaction_id)
        group by e.transaction_id
        """,
    ),
    _check(
        "wallets",
        "The wallet of customer {customer} holds {balance_fen} fen, but its statement comes to {owed_fen} fen.",
        """
        select c.public_id as customer, coalesce(w.balance_fen, 0) as balance_fen, coalesce(l.owed_fen, 0) as owed_fen
        from shop.wallet as w full join (
            select customer_id, -sum(amount_fen)::bigint as owed_fen from shop.ledger_entry
            where account = 'customer_wallet' group by customer_id
        ) as l on l.customer_id = w.customer_id
        left join shop.customer as c on c.id = coalesce(w.customer_id, l.customer_id)
        where coalesce(w.balance_fen, 0) <> coalesce(l.owed_fen, 0)
        """,
    ),
    _check(
        "lines",
        "Ledger transaction {reference}: its entries on {account} come to {entries_fen} fen, its document lines to"
        " {lines_fen} fen.",
        """
        select coalesce(t.reference, 'no. ' || transaction_id) as reference, account,
            coalesce(entries_fen, 0) as entries_fen, coalesce(lines_fen, 0) as lines_fen
        from (
            select e.transaction_id, e.account,
                sum(case when a.kind = 'income' then -e.amount_fen else e.amount_fen end)::bigint as entries_fen
            from shop.ledger_entry as e join shop.ledger_account as a on a.code = e.account
            where a.kind in ('income', 'expense') group by 1, 2
        ) as entries full join (
            select transaction_id, case when component = 'gross_sales' then 'sales' else component end as account,
                sum(amount_fen)::bigint as lines_fen
            from shop.document_line group by 1, 2
        ) as lines using (transaction_id, account)
        left join shop.ledger_transaction as t on t.id = transaction_id
        where coalesce(entries_fen, 0) <> coalesce(lines_fen, 0)
        """,
    ),
    _check(
        "overdrawn",
        "Account {account} stands at {balance_fen} fen, on the wrong side.",
        f"""
        select e.account, sum(e.amount_fen)::bigint as balance_fen
        from shop.ledger_entry as e join shop.ledger_account as a on a.code = e.account
        where e.account in {tuple(account.value for account in NEVER_OVERDRAWN)!r}
        group by e.account, a.kind
        having case when a.kind = 'asset' then sum(e.amount_fen) < 0 else sum(e.amount_fen) > 0 end
        """,
    ),
    _check(
        "references",
        "{reference} should have been posted and was not.",
        f"""
        select expected.reference from ({EXPECTED}) as expected
        where not exists (select from shop.ledger_transaction as t where t.reference = expected.reference)
        """,
    ),
    _check(
        "references",
        "{reference} was posted for something that is not there.",
        f"""
        select t.reference from shop.ledger_transaction as t
        where split_part(t.reference, ':', 1) in (
            'batch', 'delivery', 'refund', 'refund-paid', 'receipt', 'receipt-returned', 'receipt-applied',
            'chargeback', 'settlement', 'batch-credit', 'payment', 'top-up', 'withdrawal', 'withdrawal-paid',
            'withdrawal-returned', 'purchase', 'purchase-failed', 'purchase-written-off', 'purchase-cost',
            'purchase-to-stock', 'purchase-late-failed', 'purchase-late-delivered', 'spend', 'courier'
        ) and not exists (select from ({POSSIBLE}) as possible where possible.reference = t.reference)
        """,
    ),
    _check(
        "in_flight",
        "Purchases in flight come to {ledger_fen} fen in the ledger, but to {open_fen} fen by the open purchases.",
        """
        select ledger_fen, open_fen from (
            select coalesce(sum(amount_fen), 0)::bigint as ledger_fen from shop.ledger_entry
            where account = 'purchases_in_flight'
        ) as ledger cross join (
            select coalesce(sum(p.cost_fen), 0)::bigint as open_fen
            from shop.purchase as p join shop.supply_channel as c on c.id = p.channel_id
            where p.state in ('created', 'submitted', 'processing', 'unknown')
                and c.protocol not in ('own_pool', 'manual')
        ) as rows where ledger_fen <> open_fen
        """,
    ),
    _check(
        "months",
        "Ledger transaction {reference} is dated {ledger_date}, but was written after that month was closed.",
        """
        select t.reference, t.ledger_date from shop.ledger_transaction as t
        join shop.month_close as c on t.ledger_date < (c.month + interval '1 month')::date
            and t.ledger_date >= c.month and t.created_at > c.closed_at
        """,
    ),
    _check(
        "months",
        "{month} is not closed, but a month after it is.",
        """
        select to_char(missing, 'YYYY-MM') as month from shop.month_close as c
        cross join lateral (select c.month - interval '1 month' as missing) as before
        where c.month <> (select min(month) from shop.month_close)
            and not exists (select from shop.month_close as other where other.month = missing)
        """,
    ),
)
