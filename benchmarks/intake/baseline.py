"""The same order by pgbench: log-in, idempotency key, wallet, code, order, ledger, in one statement, one round trip."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.intake.ground import Ground, Sku
from mingsuan import embedded_postgres

SCRIPT = """
\\set buyer random(0, {customers_each} - 1) * {clients} + :client_id
\\set sku random({first_sku}, {last_sku})
\\set key random(1, 9000000000000000000)
with who as materialized (
    select c.id as customer_id from shop.session as s join shop.customer as c on c.id = s.customer_id
    where s.customer_id = {first_customer} + cast(:buyer as bigint) and s.revoked_at is null and s.expires_at > now()
), done as materialized (
    select k.answer from who
    join shop.idempotency_key as k on k.subject = 'customer:' || customer_id
        and k.key = 'pgbench-' || cast(:key as bigint)
), offer as materialized (
    select s.id as sku_id, (
        select p.list_price_fen from shop.price as p where p.sku_id = s.id and p.valid_from <= now()
        order by p.valid_from desc limit 1
    ) as price_fen
    from shop.sku as s join shop.product on product.id = s.product_id
    where s.id = cast(:sku as bigint) and product.kind = 'card_code' and product.publish_state = 'published'
        and s.publish_state = 'published' and not exists (select from done)
        and not exists (select from shop.shop_profile where selling_paused_at is not null)
), debited as (
    update shop.wallet set balance_fen = balance_fen - price_fen from who, offer
    where wallet.customer_id = who.customer_id and balance_fen >= price_fen
    returning wallet.customer_id, wallet.balance_fen
), free as materialized (
    select card.id, card.cost_fen from shop.card
    where card.sku_id = cast(:sku as bigint) and card.delivered_fulfilment_id is null and card.free_at <= now()
        and card.state = 'available' and (card.expires_at is null or card.expires_at > now())
        and exists (select from debited)
    order by card.free_at, card.pick limit 1 for update skip locked
), sale as materialized (
    select who.customer_id, offer.sku_id, offer.price_fen, free.id as card_id, free.cost_fen, debited.balance_fen,
        uuidv7() as public_id, '20260101' || upper(substr(md5(random()::text), 1, 10)) as order_no,
        nextval('shop.orders_id_seq') as order_id, nextval('shop.order_item_id_seq') as item_id,
        nextval('shop.fulfilment_id_seq') as fulfilment_id, nextval('shop.payment_id_seq') as payment_id,
        nextval('shop.ledger_transaction_id_seq') as paid_id, nextval('shop.ledger_transaction_id_seq') as given_id
    from who, offer, debited, free
), new_order as (
    insert into shop.orders (id, public_id, order_no, customer_id, state, gross_fen, discount_fen, net_fen, ordered_at,
        paid_at, delivered_at)
    select order_id, public_id, order_no, customer_id, 'delivered', price_fen, 0, price_fen, now(), now(), now()
    from sale
), new_item as (
    insert into shop.order_item (id, order_id, line_no, sku_id, quantity, gross_fen, discount_fen, net_fen)
    select item_id, order_id, 1, sku_id, 1, price_fen, 0, price_fen from sale
), new_fulfilment as (
    insert into shop.fulfilment (id, order_item_id, unit_no, quantity, state, gross_fen, discount_fen, cost_fen,
        delivered_at)
    select fulfilment_id, item_id, 1, 1, 'delivered', price_fen, 0, cost_fen, now() from sale
), new_payment as (
    insert into shop.payment (id, order_id, method, state, amount_fen, paid_at)
    select payment_id, order_id, 'wallet', 'succeeded', price_fen, now() from sale
), new_events as (
    insert into shop.order_event (order_id, kind, happened_at)
    select order_id, kind, now() from sale, unnest(array['placed', 'paid', 'delivered']) as kind
), answered as (
    insert into shop.idempotency_key (subject, key, request_sha256, status_code, answer)
    select 'customer:' || customer_id, 'pgbench-' || cast(:key as bigint),
        sha256(convert_to('buy ' || cast(:sku as bigint), 'UTF8')), 201,
        json_build_object('id', public_id, 'order_no', order_no, 'state', 'delivered', 'quantity', 1,
            'net_fen', price_fen, 'balance_fen', balance_fen, 'ordered_at', now())::text
    from sale
), posted as (
    insert into shop.ledger_transaction (id, reference, event, effective_at, ledger_date, order_id)
    select paid_id, 'payment:' || payment_id, 'order_paid', now(), current_date, order_id from sale
    union all
    select given_id, 'delivery:' || fulfilment_id, 'item_delivered', now(), current_date, order_id from sale
), entered as (
    insert into shop.ledger_entry (transaction_id, account, amount_fen, customer_id, order_item_id)
    select paid_id, 'customer_wallet', price_fen, customer_id, cast(null as bigint) from sale union all
    select paid_id, 'unearned_sales', -price_fen, customer_id, cast(null as bigint) from sale union all
    select given_id, 'unearned_sales', price_fen, customer_id, item_id from sale union all
    select given_id, 'sales', -price_fen, customer_id, item_id from sale union all
    select given_id, 'cogs', cost_fen, customer_id, item_id from sale union all
    select given_id, 'card_inventory', -cost_fen, customer_id, item_id from sale
), documented as (
    insert into shop.document_line (transaction_id, kind, component, amount_fen, order_item_id, fulfilment_id,
        customer_id, effective_at)
    select given_id, 'delivery', 'gross_sales', price_fen, item_id, fulfilment_id, customer_id, now() from sale
    union all
    select given_id, 'delivery', 'cogs', cost_fen, item_id, fulfilment_id, customer_id, now() from sale
), handed_over as (
    update shop.card set state = 'delivered', free_at = 'infinity', held_item_id = null,
        delivered_fulfilment_id = sale.fulfilment_id
    from sale where card.id = sale.card_id
)
select order_no, balance_fen from sale;
"""


@dataclass(frozen=True)
class Baseline:
    orders: int
    seconds: float
    mean_ms: float

    @property
    def orders_per_s(self) -> float:
        return self.orders / self.seconds


def run(ground: Ground, skus: tuple[Sku, ...], clients: int, seconds: int, folder: Path) -> Baseline:
    """pgbench for so many seconds. RuntimeError when it fails."""
    script = SCRIPT.format(
        clients=clients,
        customers_each=len(ground.customers) // clients,
        first_customer=ground.customers[0].id,
        first_sku=skus[0].id,
        last_sku=skus[-1].id,
    )
    return pgbench(script, ground.urls.app, clients, seconds, folder)


def pgbench(script: str, url: str, clients: int, seconds: int, folder: Path) -> Baseline:
    """A script that is one transaction, again and again. RuntimeError when one of them fails."""
    file = folder / "transaction.sql"
    file.write_text(script)
    command = [str(_pgbench()), "-n", "-M", "prepared", "-c", str(clients), "-j", "1", "-T", str(seconds)]
    done = subprocess.run([*command, "-f", str(file), url], capture_output=True, text=True, check=False)
    if done.returncode or "number of failed transactions: 0 " not in done.stdout:
        raise RuntimeError(f"pgbench failed: {done.stderr[:500]} {done.stdout}")
    return _read(done.stdout, seconds)


def _read(output: str, seconds: int) -> Baseline:
    orders = re.search(r"transactions actually processed: (\d+)", output)
    mean = re.search(r"latency average = ([\d.]+) ms", output)
    if orders is None or mean is None:
        raise RuntimeError(f"pgbench said something else: {output}")
    return Baseline(int(orders[1]), seconds, float(mean[1]))


def _pgbench() -> Path:
    """pgbench of the embedded server, beside its other programs."""
    return embedded_postgres.binaries() / "pgbench"
