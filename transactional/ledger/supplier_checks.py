"""Checks of suppliers: balances against the ledger's entries that name them, payments and credits against postings."""

from sqlalchemy import text

from transactional.ledger.findings import MOST, BookCheck

DIFFERING = f"""
select *, count(*) over () as found from (
    select s.name as supplier, coalesce(b.prepaid_fen, 0) as prepaid_fen, coalesce(b.payable_fen, 0) as payable_fen,
        coalesce(l.prepaid_fen, 0) as ledger_prepaid_fen, coalesce(l.payable_fen, 0) as ledger_payable_fen
    from shop.supplier_balance as b full join (
        select supplier_id, coalesce(sum(amount_fen) filter (where account = 'supplier_prepaid'), 0)::bigint
            as prepaid_fen, coalesce(-sum(amount_fen) filter (where account = 'supplier_payable'), 0)::bigint
            as payable_fen
        from shop.ledger_entry
        where supplier_id is not null and account in ('supplier_prepaid', 'supplier_payable')
        group by supplier_id
    ) as l using (supplier_id)
    join shop.supplier as s on s.id = supplier_id
    where coalesce(b.prepaid_fen, 0) <> coalesce(l.prepaid_fen, 0)
        or coalesce(b.payable_fen, 0) <> coalesce(l.payable_fen, 0)
) as wrong limit {MOST}
"""
# What should have been posted under which reference for money that moved between the shop and its suppliers.
EXPECTED = """
select case kind when 'top_up' then 'supplier-top-up:' else 'statement-paid:' end || id as reference
from shop.supplier_payment
union all
select 'exchange:' || id from shop.supplier_payment where loss_fen <> 0
union all
select 'purchase-credit:' || id from shop.defect_claim where state = 'accepted' and purchase_id is not null
"""
KINDS = "('supplier-top-up', 'statement-paid', 'exchange', 'purchase-credit')"
LACKING = f"""
select *, count(*) over () as found from (
    select expected.reference from ({EXPECTED}) as expected
    where not exists (select from shop.ledger_transaction as t where t.reference = expected.reference)
) as wrong limit {MOST}
"""
UNFOUNDED = f"""
select *, count(*) over () as found from (
    select t.reference from shop.ledger_transaction as t
    where split_part(t.reference, ':', 1) in {KINDS}
        and exists (select from shop.ledger_entry as e where e.transaction_id = t.id and e.supplier_id is not null)
        and not exists (select from ({EXPECTED}) as expected where expected.reference = t.reference)
) as wrong limit {MOST}
"""
CHECKS = (
    BookCheck("references", "{reference} should have been posted and was not.", text(LACKING)),
    BookCheck("references", "{reference} was posted for something that is not there.", text(UNFOUNDED)),
    BookCheck(
        "suppliers",
        "Supplier {supplier}: {prepaid_fen} fen prepaid and {payable_fen} fen owed are kept, but its ledger entries"
        " come to {ledger_prepaid_fen} and {ledger_payable_fen} fen.",
        text(DIFFERING),
    ),
)
