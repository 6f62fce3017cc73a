with prices as (

    select
        sku_row_id,
        list_price_fen,
        valid_from_at,
        lead(valid_from_at) over (partition by sku_row_id order by valid_from_at) as valid_to_at
    from {{ ref('stg_shop__prices') }}

),

build as (

    select source_instant from {{ source('meta', 'build_context') }}

)

select
    skus.sku_key,
    products.product_key,
    prices.list_price_fen,
    prices.valid_from_at,
    prices.valid_to_at,
    prices.valid_from_at <= build.source_instant
    and coalesce(prices.valid_to_at > build.source_instant, true) as is_current
from prices
cross join build
inner join {{ ref('stg_shop__skus') }} as skus on prices.sku_row_id = skus.sku_row_id
inner join {{ ref('stg_shop__products') }} as products on skus.product_row_id = products.product_row_id
