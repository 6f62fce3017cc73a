with source as (

    select * from {{ source('computed', 'draw_audit') }}

),

renamed as (

    select
        draw_id as draw_key,
        draw_no,
        state,
        verdict,
        is_verified,
        words,
        books_differ,
        exit_code,
        entries as proven_entries,
        bundle,
        bundle_sha256,
        verifier_version,
        policy_sha256,
        is_policy_published,
        verified_at,
        took_seconds,
        computed_at
    from source

)

select * from renamed
