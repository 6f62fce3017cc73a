with scored as (

    {{ scorecard(['channel_key', 'sku_key']) }}

)

select
    scored.period,
    scored.channel_key,
    scored.sku_key,
    channels.code as channel_code,
    skus.code as sku_code,
    {{ scorecard_columns() }}
from scored
inner join {{ ref('dim_channels') }} as channels on scored.channel_key = channels.channel_key
inner join {{ ref('dim_skus') }} as skus on scored.sku_key = skus.sku_key
