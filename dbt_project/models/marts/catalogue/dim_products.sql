select
    products.product_key,
    products.slug,
    products.title_zh,
    products.title_en,
    products.kind,
    categories.category_key
from {{ ref('stg_shop__products') }} as products
inner join {{ ref('stg_shop__categories') }} as categories on products.category_row_id = categories.category_row_id
