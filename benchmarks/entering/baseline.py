"""The same entry by pgbench: log-in, key, wallet, draw, player, entry, ledger, in one statement, one round trip."""

from pathlib import Path

from benchmarks.entering.ground import Ground, OpenDraw
from benchmarks.intake.baseline import Baseline, pgbench

# The wallet is debited before the draw's row is taken, so that draws are locked for as short a time as can be.
SCRIPT = """
\\set buyer random(0, {customers_each} - 1) * {clients} + :client_id
\\set draw random({first_draw}, {last_draw})
\\set key random(1, 9000000000000000000)
with who as materialized (
    select c.id as customer_id, c.public_id from shop.session as s join shop.customer as c on c.id = s.customer_id
    where s.customer_id = {first_customer} + cast(:buyer as bigint) and s.revoked_at is null and s.expires_at > now()
), done as materialized (
    select k.answer from who join shop.idempotency_key as k
        on k.subject = 'customer:' || customer_id || '/entries' and k.key = 'pgbench-' || cast(:key as bigint)
), allowed as materialized (
    select customer_id, who.public_id from who
    where not exists (select from done)
        and not exists (select from shop.play_pause as p where p.customer_id = who.customer_id and p.until > now())
        and exists (
            select from shop.identity_check as i
            where i.customer_id = who.customer_id and i.state = 'verified' and i.is_adult
        )
), debited as (
    update shop.wallet set balance_fen = balance_fen - draw.price_fen from allowed, shop.draw
    where wallet.customer_id = allowed.customer_id and draw.id = cast(:draw as bigint)
        and balance_fen >= draw.price_fen
    returning wallet.customer_id, allowed.public_id
), taken as (
    update shop.draw set next_index = next_index + 1, paid_count = paid_count + 1,
        last_second = greatest(last_second, extract(epoch from now())::bigint)
    from debited
    where draw.id = cast(:draw as bigint) and draw.state = 'open' and draw.closes_at > now()
    returning draw.id as draw_id, draw.public_id as draw, draw.next_index - 1 as first_index, draw.price_fen,
        draw.last_second, debited.customer_id, debited.public_id
), salted as materialized (
    select taken.*, uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as salt,
        uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) as nonce,
        nextval('shop.draw_entry_id_seq') as entry_id, nextval('shop.ledger_transaction_id_seq') as posting_id,
        uuidv7() as entry
    from taken
), player as (
    insert into shop.draw_player as p (draw_id, customer_id, salt, user_ref, entries)
    select draw_id, customer_id, salt, sha256('mingsuan/draw/user/v1'::bytea || uuid_send(draw)
        || uuid_send(public_id) || salt), 1 from salted
    on conflict (draw_id, customer_id) do update set entries = p.entries + 1
    returning customer_id, user_ref
), entered as (
    insert into shop.draw_entry (id, public_id, draw_id, customer_id, first_index, count, kind, source, nonce,
        user_ref, stake_fen, accepted_second)
    select entry_id, entry, draw_id, customer_id, first_index, 1, 'paid', 'stake', nonce, user_ref, price_fen,
        last_second
    from salted join player using (customer_id)
), posted as (
    insert into shop.ledger_transaction (id, reference, event, effective_at, ledger_date)
    select posting_id, 'stake:' || entry_id, 'stake_taken', now(), current_date from salted
), booked as (
    insert into shop.ledger_entry (transaction_id, account, amount_fen, customer_id)
    select posting_id, 'customer_wallet', price_fen, customer_id from salted union all
    select posting_id, 'draw_stakes', -price_fen, customer_id from salted
), answered as (
    insert into shop.idempotency_key (subject, key, request_sha256, status_code, answer)
    select 'customer:' || customer_id || '/entries', 'pgbench-' || cast(:key as bigint),
        sha256(convert_to('enter ' || cast(:draw as bigint), 'UTF8')), 201,
        json_build_object('id', entry, 'draw_id', draw, 'first_index', first_index, 'count', 1, 'kind', 'paid',
            'stake_fen', price_fen, 'accepted_second', last_second, 'user_ref', encode(user_ref, 'hex'),
            'nonce', encode(nonce, 'hex'))::text
    from salted join player using (customer_id)
)
select entry, first_index from salted;
"""


def run(ground: Ground, draws: tuple[OpenDraw, ...], clients: int, seconds: int, folder: Path) -> Baseline:
    """pgbench for so many seconds. RuntimeError when it fails."""
    script = SCRIPT.format(
        clients=clients,
        customers_each=len(ground.customers) // clients,
        first_customer=ground.customers[0].id,
        first_draw=draws[0].id,
        last_draw=draws[-1].id,
    )
    return pgbench(script, ground.urls.app, clients, seconds, folder)
