with draws as (

    select * from {{ ref('fct_draws') }}
    where draw_no is not null

),

audits as (

    select * from {{ ref('stg_computed__draw_audits') }}

)

select
    draws.draw_no,
    draws.draw_key,
    draws.title_zh,
    draws.title_en,
    draws.mode,
    draws.state,
    audits.verdict,
    audits.is_verified,
    case
        when audits.verdict is null then 'missing'
        when audits.verdict = 'pending' then 'pending'
        when audits.books_differ is not null then 'red'
        when audits.verdict in ('VALID', 'VOID') then 'green'
        when audits.verdict in ('VALID-UNTIMED', 'VOID-UNTIMED', 'TEST') then 'amber'
        else 'red'
    end as standing,
    coalesce(audits.words, 'it was not audited') as words,
    audits.books_differ,
    draws.draw_no - coalesce(lag(draws.draw_no) over (order by draws.draw_no), 0) - 1 as missing_draws_before,
    draws.accepted_entries,
    draws.free_entries,
    draws.paid_entries,
    draws.house_entries,
    draws.picked_prizes,
    draws.house_prizes,
    {{ share('draws.picked_prizes * draws.house_entries', 'draws.accepted_entries') }} as expected_house_prizes,
    draws.chain_hash,
    draws.round_no,
    draws.opened_at,
    draws.closed_at,
    draws.committed_at,
    draws.round_at,
    draws.decided_at,
    draws.voided_at,
    draws.commit_margin_seconds,
    draws.result_delay_seconds,
    audits.bundle_sha256,
    audits.verifier_version,
    audits.policy_sha256,
    audits.is_policy_published,
    audits.verified_at,
    audits.took_seconds
from draws
left join audits on draws.draw_key = audits.draw_key
