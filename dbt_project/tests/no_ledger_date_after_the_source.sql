-- One day of grace: the shop's clock and the source's instant are not read at the same moment.
select
    entries.ledger_entry_id,
    entries.ledger_date
from {{ ref('fct_ledger_entries') }} as entries
cross join {{ source('meta', 'build_context') }} as build
where {{ days_between('cast(build.source_instant as date)', 'entries.ledger_date') }} > 1
