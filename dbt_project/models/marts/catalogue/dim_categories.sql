select
    category_key,
    slug,
    name_zh,
    name_en
from {{ ref('stg_shop__categories') }}
