"""Check of suppliers' balances against the ledger's entries that name them."""

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
CHECKS = (
    BookCheck(
        "suppliers",
        "Supplier {supplier}: {prepaid_fen} fen prepaid and {payable_fen} fen owed are kept, but its ledger entries"
        " come to {ledger_prepaid_fen} and {ledger_payable_fen} fen.",
        text(DIFFERING),
    ),
)
