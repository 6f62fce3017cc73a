"""Control accounts against independent books: what the tables of the business say that an account must hold."""

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.ledger.findings import Finding

DIFFERS = (
    "Account {account} stands at {ledger_fen} fen in the ledger, but by the shop's own records it should be"
    " {book_fen} fen: a difference of {difference_fen} fen."
)

# Units that were paid for: of orders with a payment that succeeded.
PAID_UNITS = """
select f.id, f.gross_fen - f.discount_fen as net_fen, f.delivered_at, p.kind = 'membership' as is_membership
from shop.fulfilment as f
join shop.order_item as i on i.id = f.order_item_id
join shop.sku as s on s.id = i.sku_id
join shop.product as p on p.id = s.product_id
where exists (select from shop.payment as paid where paid.order_id = i.order_id and paid.state = 'succeeded')
"""
GATEWAYS = "('wechat', 'alipay', 'unionpay')"
BOOKS: dict[str, str] = {
    "card_inventory": "select sum(cost_fen) from shop.card where state = 'available'",
    "customer_wallet": "select -sum(balance_fen) from shop.wallet",
    "unearned_sales": """
        select (select fen from unearned_chargeback) - coalesce(sum(unit.net_fen - coalesce(given.back_fen, 0)), 0)
        from paid_unit as unit
        left join unearned_refund as given on given.fulfilment_id = unit.id
        where unit.delivered_at is null and not unit.is_membership
    """,
    "unearned_membership": """
        select -sum(unit.net_fen - coalesce(given.back_fen, 0) - coalesce(period.released_fen, 0))
        from paid_unit as unit
        left join unearned_refund as given on given.fulfilment_id = unit.id
        left join shop.membership_period as period on period.fulfilment_id = unit.id
        where unit.is_membership
    """,
    "refund_payable": "select -sum(amount_fen) from shop.refund where state <> 'succeeded'",
    "withdrawals_payable": """
        select -sum(amount_fen) from shop.withdrawal_part where state in ('held', 'paying')
    """,
    "draw_stakes": """
        select coalesce((select sum(amount_fen) from shop.stake_end), 0)
            - coalesce((select sum(stake_fen) from shop.draw_entry), 0)
    """,
    "unapplied_receipts": """
        select -sum(amount_fen) from shop.unapplied_receipt where state in ('open', 'returning')
    """,
    "gateway_receivable": f"""
        select sum(fen) from (
            select (case when applied then 0 else amount_fen end) - fee_fen as fen from paid_by_gateway
            union all
            select amount_fen - case when state = 'applied' then 0 else fee_fen end
            from shop.unapplied_receipt where method in {GATEWAYS}
            union all
            select -amount_fen from shop.refund where state = 'succeeded' and method in {GATEWAYS}
            union all
            select -amount_fen from shop.withdrawal_part where state = 'paid' and payment_id is not null
            union all
            select -amount_fen from shop.unapplied_receipt where state = 'returned' and method in {GATEWAYS}
            union all
            select fee_returned_fen from shop.refund_payout where state = 'succeeded' and method in {GATEWAYS}
            union all
            select case kind when 'return' then amount_fen when 'share' then -amount_fen else 0 end
            from shop.profit_share where state = 'succeeded'
            union all
            select -amount_fen - fee_fen from shop.chargeback
            union all
            select -amount_fen from shop.gateway_settlement
        ) as moved
    """,
}
PAID_BY_GATEWAY = f"""
select p.amount_fen, p.fee_fen, exists (
    select from shop.unapplied_receipt as r where r.payment_id = p.id and r.state = 'applied'
) as applied
from shop.payment as p where p.state = 'succeeded' and p.method in {GATEWAYS}
"""
# What a chargeback took of goods that were never delivered: all of it but what was booked as a loss. Of a top-up it
# takes what is left in the wallet.
UNEARNED_CHARGEBACKS = """
select coalesce(sum(c.amount_fen - coalesce((
    select sum(l.amount_fen) from shop.document_line as l
    join shop.ledger_transaction as t on t.id = l.transaction_id
    where t.reference = 'chargeback:' || c.id and l.component = 'chargebacks'
), 0)), 0) from shop.chargeback as c join shop.payment as p on p.id = c.payment_id where p.order_id is not null
"""
COMPARED = text(
    f"with paid_unit as materialized ({PAID_UNITS}), unearned_refund as materialized ("
    " select fulfilment_id, sum(amount_fen) as back_fen from shop.refund where not earned group by fulfilment_id"
    f"), paid_by_gateway as materialized ({PAID_BY_GATEWAY}), unearned_chargeback (fen) as ({UNEARNED_CHARGEBACKS}"
    "), book (account, fen) as ("
    + " union all ".join(f"select '{account}', ({query})" for account, query in BOOKS.items())
    + """), balance as (
    select account, sum(amount_fen) as fen from shop.ledger_entry group by account
)
select book.account, coalesce(balance.fen, 0)::bigint as ledger_fen, coalesce(book.fen, 0)::bigint as book_fen
from book left join balance using (account)
"""
)


async def compare(session: ReadSession) -> dict[str, tuple[int, int]]:
    """For each control account what the ledger says and what its independent book says: fen, debit positive."""
    return {row.account: (row.ledger_fen, row.book_fen) for row in await session.execute(COMPARED)}


async def findings(session: ReadSession) -> list[Finding]:
    """The control accounts that differ from their books."""
    compared = await compare(session)
    return [
        Finding(
            "control_accounts",
            DIFFERS,
            {"account": account, "ledger_fen": ledger, "book_fen": book, "difference_fen": ledger - book},
        )
        for account, (ledger, book) in compared.items()
        if ledger != book
    ]
