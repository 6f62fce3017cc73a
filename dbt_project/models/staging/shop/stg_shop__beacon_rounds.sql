with source as (

    select * from {{ source('shop', 'beacon_round') }}

),

renamed as (

    select
        id as beacon_round_row_id,
        chain_hash,
        round_no,
        {{ hex_text('signature') }} as signature_hex,
        relay,
        created_at
    from source

)

select * from renamed
