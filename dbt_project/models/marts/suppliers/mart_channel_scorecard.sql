with scored as (

    {{ scorecard(['channel_key']) }}

)

select
    scored.period,
    scored.channel_key,
    channels.code as channel_code,
    channels.name as channel_name,
    channels.supplier_name,
    {{ scorecard_columns() }}
from scored
inner join {{ ref('dim_channels') }} as channels on scored.channel_key = channels.channel_key
