with source as (

    select * from {{ source('shop', 'withdrawal') }}

),

renamed as (

    select
        id as withdrawal_row_id,
        customer_id as customer_row_id,
        decided_by as decided_by_row_id,
        cast(public_id as varchar) as withdrawal_key,
        state,
        amount_fen,
        confirmed_by,
        requested_at,
        decided_at,
        ended_at
    from source

)

select * from renamed
