"""The statements by which a batch of entries is weighed and written; a batch is one transaction.

Draws are locked first, in their order, then wallets, then chances: whoever takes more than one of these keeps to it.
"""

from sqlalchemy import text

from transactional.draws import entry_rows

# Looked at only once the draws are locked: what the same customer or another batch did meanwhile is seen.
LOOK = text("""
with request as materialized (
    select * from unnest(
        cast(:place as int[]), cast(:customer_id as bigint[]), cast(:draw_id as bigint[]),
        cast(:subject as text[]), cast(:key as text[]), cast(:hold as uuid[])
    ) as asked (place, customer_id, draw_id, subject, key, hold)
), purse as materialized (
    select customer_id, balance_fen from shop.wallet
    where customer_id = any(cast(:payer as bigint[])) order by customer_id for update
)
select request.place, customer.public_id as customer, coalesce(purse.balance_fen, 0) as balance_fen,
    done.request_sha256, done.answer, player.user_ref, coalesce(player.entries, 0) as entries,
    hold.id as hold_id, hold.count as hold_count,
    nextval('shop.draw_entry_id_seq') as entry_id, uuidv7() as public_id,
    nextval('shop.ledger_transaction_id_seq') as transaction_id
from request
join shop.customer as customer on customer.id = request.customer_id
left join purse on purse.customer_id = request.customer_id
left join shop.idempotency_key as done on done.subject = request.subject and done.key = request.key
left join shop.draw_player as player
    on player.draw_id = request.draw_id and player.customer_id = request.customer_id
left join shop.draw_hold as hold on hold.public_id = request.hold and hold.draw_id = request.draw_id
    and hold.customer_id = request.customer_id and hold.state = 'held' and hold.until > :at
order by request.place
""")

HELD = text("""
select draw_id, cast(sum(count) as bigint) as held from shop.draw_hold
where draw_id = any(cast(:draw as bigint[])) and state = 'held' and until > :at group by draw_id
""")

BALANCE = text("select balance_fen from shop.wallet where customer_id = :customer_id")

CHANCES = text("""
select id, customer_id, draw_id, source, granted - used as left, expires_at from shop.draw_chance
where customer_id = any(cast(:customer_id as bigint[])) and used < granted
    and (expires_at is null or expires_at > :at)
order by id for update
""")

WRITE = text(
    "with "
    + ", ".join(f"written_{number} as ({statement})" for number, statement in enumerate(entry_rows.INSERTS))
    + """, debited as (
    update shop.wallet set balance_fen = wallet.balance_fen - due.stake_fen
    from unnest(cast(:payer as bigint[]), cast(:stake_fen as bigint[])) as due (customer_id, stake_fen)
    where wallet.customer_id = due.customer_id returning wallet.customer_id
), taken as (
    update shop.draw_hold set state = 'taken' where id = any(cast(:hold as bigint[])) and state = 'held' returning id
), spent as (
    update shop.draw_chance set used = draw_chance.used + spending.used
    from unnest(cast(:chance as bigint[]), cast(:used as bigint[])) as spending (id, used)
    where draw_chance.id = spending.id returning draw_chance.id
), counted as (
    update shop.draw set next_index = next_index + given.free + given.paid, free_count = free_count + given.free,
        paid_count = paid_count + given.paid, last_second = given.second
    from unnest(
        cast(:draw as bigint[]), cast(:free as bigint[]), cast(:paid as bigint[]), cast(:second as bigint[])
    ) as given (id, free, paid, second)
    where draw.id = given.id returning draw.id
)
select (select count(*) from debited) as wallets, (select count(*) from taken) as holds,
    (select count(*) from spent) as chances, (select count(*) from counted) as draws
"""
)
