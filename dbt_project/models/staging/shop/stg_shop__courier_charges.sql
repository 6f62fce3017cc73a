with source as (

    select * from {{ source('shop', 'courier_charge') }}

),

renamed as (

    select
        id as courier_charge_row_id,
        statement_id as courier_statement_row_id,
        shipment_id as shipment_row_id,
        order_item_id as order_item_row_id,
        cast(public_id as varchar) as courier_charge_key,
        line_no,
        part_no,
        courier,
        charge_kind,
        amount_fen,
        posted_fen,
        charged_date,
        created_at
    from source

)

select * from renamed
