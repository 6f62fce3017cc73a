-- Documents of draws on one side, ledger entries by their references on the other; what names no draw is told, too.
with sources as (

    select
        {{ dbt.concat(["'draw-decided:'", "cast(draw_row_id as varchar)"]) }} as reference,
        draw_row_id
    from {{ ref('stg_shop__draws') }}
    {% for event in ['stake', 'stake-returned', 'stake-set-off'] -%}
    union all
    select
        {{ dbt.concat(["'" ~ event ~ ":'", "cast(draw_entry_row_id as varchar)"]) }} as reference,
        draw_row_id
    from {{ ref('stg_shop__draw_entries') }}
    {% endfor -%}
    union all
    select
        {{ dbt.concat(["'prize:'", "cast(draw_winner_row_id as varchar)"]) }} as reference,
        draw_row_id
    from {{ ref('stg_shop__draw_winners') }}

),

ledger as (

    select
        draws.draw_key,
        -sum(case when entries.account = 'draw_stakes' then entries.amount_fen else 0 end) as stakes_standing_fen,
        -sum(case when entries.account = 'draw_income' then entries.amount_fen else 0 end) as draw_income_fen,
        sum(case when entries.account = 'draw_prizes' then entries.amount_fen else 0 end) as draw_prizes_fen
    from {{ ref('fct_ledger_entries') }} as entries
    left join sources on entries.reference = sources.reference
    left join {{ ref('stg_shop__draws') }} as draws on sources.draw_row_id = draws.draw_row_id
    where entries.account in ('draw_stakes', 'draw_income', 'draw_prizes')
    group by draws.draw_key

),

documents as (

    select * from {{ ref('mart_draw_economics') }}

)

select
    documents.draw_no,
    ledger.draw_key,
    documents.stakes_standing_fen,
    ledger.stakes_standing_fen as ledger_stakes_standing_fen,
    documents.draw_income_fen,
    ledger.draw_income_fen as ledger_draw_income_fen,
    documents.draw_prizes_fen,
    ledger.draw_prizes_fen as ledger_draw_prizes_fen
from documents
full outer join ledger on documents.draw_key = ledger.draw_key
where
    coalesce(documents.stakes_standing_fen, 0) <> coalesce(ledger.stakes_standing_fen, 0)
    or coalesce(documents.draw_income_fen, 0) <> coalesce(ledger.draw_income_fen, 0)
    or coalesce(documents.draw_prizes_fen, 0) <> coalesce(ledger.draw_prizes_fen, 0)
