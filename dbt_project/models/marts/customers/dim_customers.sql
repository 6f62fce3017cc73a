with customers as (

    select * from {{ ref('stg_shop__customers') }}

),

paid_orders as (

    select
        customer_row_id,
        min({{ business_date('ordered_at') }}) as first_ordered_date,
        count(*) as n_orders
    from {{ ref('stg_shop__orders') }}
    where state not in ('pending_payment', 'cancelled')
    group by customer_row_id

)

select
    customers.customer_key,
    customers.acquisition_channel,
    coalesce(customers.source, 'shop') as source,
    customers.country,
    customers.language,
    customers.erased_at is not null as is_erased,
    {{ business_date('customers.registered_at') }} as registered_date,
    paid_orders.first_ordered_date,
    coalesce(paid_orders.n_orders, 0) as n_orders
from customers
left join paid_orders on customers.customer_row_id = paid_orders.customer_row_id
