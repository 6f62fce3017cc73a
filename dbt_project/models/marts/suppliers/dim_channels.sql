with channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

),

suppliers as (

    select * from {{ ref('stg_shop__suppliers') }}

)

select
    channels.channel_key,
    suppliers.supplier_key,
    channels.code,
    channels.name,
    suppliers.name as supplier_name,
    channels.protocol,
    suppliers.terms,
    suppliers.currency,
    channels.state,
    channels.breaker,
    channels.breaker_times_opened,
    channels.created_at
from channels
left join suppliers on channels.supplier_row_id = suppliers.supplier_row_id
