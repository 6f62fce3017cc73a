with source as (

    select * from {{ source('shop', 'order_import') }}

),

renamed as (

    select
        id as order_import_row_id,
        source,
        file_name,
        row_count,
        new_row_count,
        imported_at
    from source

)

select * from renamed
