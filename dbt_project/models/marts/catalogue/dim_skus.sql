with prices as (

    select
        sku_row_id,
        list_price_fen,
        row_number() over (partition by sku_row_id order by valid_from_at desc) as recency
    from {{ ref('stg_shop__prices') }}
    where valid_from_at <= (select build.source_instant from {{ source('meta', 'build_context') }} as build)

)

select
    skus.sku_key,
    products.product_key,
    skus.code,
    skus.name_zh,
    skus.name_en,
    prices.list_price_fen
from {{ ref('stg_shop__skus') }} as skus
inner join {{ ref('stg_shop__products') }} as products on skus.product_row_id = products.product_row_id
left join prices on skus.sku_row_id = prices.sku_row_id and prices.recency = 1
