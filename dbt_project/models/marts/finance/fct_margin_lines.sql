{{ config(materialized='incremental', unique_key='document_line_id') }}

with all_document_lines as (

    select * from {{ ref('stg_shop__document_lines') }}

),

transactions as (

    select * from {{ ref('stg_shop__ledger_transactions') }}

),

order_items as (

    select * from {{ ref('int_order_items') }}

),

units as (

    select * from {{ ref('int_units') }}

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

customers as (

    select * from {{ ref('stg_shop__customers') }}

),

-- What advertising cost names its campaign and whom it was to bring, by the reference of its posting.
advertised as (

    select
        transactions.ledger_transaction_row_id,
        ad_spend.campaign_code,
        ad_spend.acquisition_channel
    from {{ ref('stg_shop__ad_spends') }} as ad_spend
    inner join transactions on transactions.reference = 'spend:' || cast(ad_spend.ad_spend_row_id as varchar)
    where transactions.event = 'advertised'

),

{% if is_incremental() -%}
restated as (

    select all_document_lines.document_line_row_id from all_document_lines
    where {{ is_new('all_document_lines') }}
    union
    select all_document_lines.document_line_row_id
    from all_document_lines
    inner join order_items on all_document_lines.order_item_row_id = order_items.order_item_row_id
    where {{ is_new('order_items') }}
    union
    -- A customer whose channel of acquisition was corrected; most changes of a customer change nothing here.
    select all_document_lines.document_line_row_id
    from {{ this }} as stated
    inner join customers on stated.customer_key = customers.customer_key
    inner join all_document_lines on stated.document_line_id = all_document_lines.document_line_id
    where {{ is_new('customers') }} and stated.acquisition_channel <> customers.acquisition_channel

),

{% endif -%}
document_lines as (

    select * from all_document_lines
    {{ only_restated('document_line_row_id') }}

)

select
    document_lines.document_line_id,
    document_lines.kind,
    document_lines.component,
    document_lines.amount_fen,
    case
        when document_lines.component in ({{ income_components() }}) then document_lines.amount_fen
        else -document_lines.amount_fen
    end as profit_fen,
    document_lines.effective_at,
    transactions.ledger_date,
    coalesce(order_items.order_item_id, 'none') as order_item_id,
    coalesce(order_items.product_key, 'none') as product_key,
    coalesce(order_items.category_key, 'none') as category_key,
    coalesce(customers.customer_key, 'none') as customer_key,
    -- A line that names neither channel nor unit, such as a fee, goes where the whole order line was bought.
    case
        when channels.channel_key is not null then channels.channel_key
        when units.fulfilment_row_id is not null then units.channel_key
        else coalesce(order_items.channel_key, 'none')
    end as channel_key,
    coalesce(advertised.campaign_code, 'none') as campaign_key,
    coalesce(advertised.acquisition_channel, customers.acquisition_channel, 'none') as acquisition_channel,
    -- A unit's own cost decides; a line that names no unit is judged by its whole order line.
    case
        when units.fulfilment_row_id is not null then units.cost_fen is not null
        when order_items.order_item_row_id is not null then order_items.unknown_cost_units = 0
    end as has_known_cost
from document_lines
inner join transactions on document_lines.ledger_transaction_row_id = transactions.ledger_transaction_row_id
left join order_items on document_lines.order_item_row_id = order_items.order_item_row_id
left join units on document_lines.fulfilment_row_id = units.fulfilment_row_id
left join channels on document_lines.channel_row_id = channels.channel_row_id
left join advertised on document_lines.ledger_transaction_row_id = advertised.ledger_transaction_row_id
left join customers on document_lines.customer_row_id = customers.customer_row_id
