with source as (

    select * from {{ source('shop', 'ad_spend') }}

),

renamed as (

    select
        id as ad_spend_row_id,
        statement_id as ad_statement_row_id,
        cast(public_id as varchar) as ad_spend_key,
        line_no,
        platform,
        campaign_code,
        acquisition_channel,
        amount_fen,
        posted_fen,
        clicks,
        impressions,
        spend_date,
        created_at
    from source

)

select * from renamed
