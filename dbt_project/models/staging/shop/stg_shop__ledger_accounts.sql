with source as (

    select * from {{ source('shop', 'ledger_account') }}

),

renamed as (

    select
        code as account,
        kind as account_kind,
        margin_level,
        name_zh,
        name_en,
        position as display_position,
        _batch as ingest_batch_id
    from source

)

select * from renamed
