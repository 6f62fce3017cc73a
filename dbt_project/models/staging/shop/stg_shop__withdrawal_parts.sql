with source as (

    select * from {{ source('shop', 'withdrawal_part') }}

),

renamed as (

    select
        id as withdrawal_part_row_id,
        withdrawal_id as withdrawal_row_id,
        payment_id as payment_row_id,
        state,
        amount_fen,
        ended_at
    from source

)

select * from renamed
