with fulfilments as (

    select * from {{ ref('stg_shop__fulfilments') }}

),

-- The one purchase that brought the unit; one that succeeded after another had taken its place brought stock instead.
purchases as (

    select * from {{ ref('stg_shop__purchases') }}
    where state = 'succeeded'

),

channels as (

    select * from {{ ref('stg_shop__supply_channels') }}

)

select
    fulfilments.fulfilment_row_id,
    fulfilments.order_item_row_id,
    coalesce(channels.channel_key, 'none') as channel_key,
    fulfilments.quantity,
    fulfilments.cost_fen,
    fulfilments.delivered_at
from fulfilments
left join purchases on fulfilments.fulfilment_row_id = purchases.fulfilment_row_id
left join channels on purchases.channel_row_id = channels.channel_row_id
