with decisions as (

    select * from {{ ref('stg_shop__routing_decisions') }}
    where stage = 'purchase'

),

elements as (

    select
        routing_decision_row_id,
        {{ json_elements('candidates') }} as element
    from decisions

)

select
    routing_decision_row_id,
    cast({{ json_value('element', ['candidate', 'offer_id']) }} as bigint) as offer_row_id,
    cast({{ json_value('element', ['candidate', 'channel_id']) }} as bigint) as channel_row_id,
    {{ json_value('element', ['refusals']) }} = '[]' as is_allowed,
    cast({{ json_value('element', ['candidate', 'cost_fen']) }} as bigint) as cost_fen,
    cast({{ json_value('element', ['effective_fen']) }} as {{ type_double() }}) as effective_fen
from elements
