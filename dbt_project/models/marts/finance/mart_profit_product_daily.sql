select
    ledger_date,
    product_key,
    category_key,
    {{ profit_columns() }}
from {{ ref('int_profit_by_day_and_product') }}
