with purchases as (

    select * from {{ ref('stg_shop__purchases') }}

),

claims as (

    select * from {{ ref('stg_shop__defect_claims') }}
    where purchase_row_id is not null

),

entries as (

    select * from {{ ref('fct_ledger_entries') }}
    where account in ('supplier_prepaid', 'supplier_payable')

),

posted_under as (

    {% for event in ['purchase', 'purchase-cost', 'purchase-failed', 'purchase-late-failed'] -%}
    select
        purchase_row_id,
        channel_row_id,
        {{ dbt.concat(["'" ~ event ~ ":'", "cast(purchase_row_id as varchar)"]) }} as reference
    from purchases
    union all
    {% endfor -%}
    select
        claims.purchase_row_id,
        purchases.channel_row_id,
        {{ dbt.concat(["'purchase-credit:'", "cast(claims.defect_claim_row_id as varchar)"]) }} as reference
    from claims
    inner join purchases on claims.purchase_row_id = purchases.purchase_row_id

)

select
    posted_under.purchase_row_id,
    posted_under.channel_row_id,
    posted_under.reference,
    {{ business_date('max(entries.effective_at)') }} as booked_date,
    cast(-sum(entries.amount_fen) as bigint) as taken_fen
from posted_under
inner join entries on posted_under.reference = entries.reference
group by posted_under.purchase_row_id, posted_under.channel_row_id, posted_under.reference
