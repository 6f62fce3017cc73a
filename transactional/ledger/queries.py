"""SQL that reads the ledger: the trial balance, and the sums that must be zero."""

from sqlalchemy import text

from transactional.db import ReadSession
from transactional.ledger.schemas import AccountBalance, LedgerFindings

TRIAL_BALANCE = text("""
select a.code, a.kind, a.name_zh, a.name_en, sum(e.amount_fen)::bigint as balance_fen
from shop.ledger_account as a join shop.ledger_entry as e on e.account = a.code
group by a.code order by a.position
""")

FINDINGS = text("""
select
    (select coalesce(sum(amount_fen), 0)::bigint from shop.ledger_entry) as total_fen,
    (select count(*) from (
        select from shop.ledger_entry group by transaction_id having sum(amount_fen) <> 0
    ) as unbalanced) as unbalanced_transactions,
    (select count(*) from shop.wallet as w full join (
        select customer_id, -sum(amount_fen) as owed_fen from shop.ledger_entry
        where account = 'customer_wallet' group by customer_id
    ) as l on l.customer_id = w.customer_id
    where coalesce(w.balance_fen, 0) <> coalesce(l.owed_fen, 0)) as wallets_that_differ
""")


async def trial_balance(session: ReadSession) -> tuple[AccountBalance, ...]:
    return tuple(AccountBalance.model_validate(row) for row in await session.execute(TRIAL_BALANCE))


async def findings(session: ReadSession) -> LedgerFindings:
    return LedgerFindings.model_validate((await session.execute(FINDINGS)).one())
