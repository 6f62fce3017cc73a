"""The shop that orders are measured in: SKUs, customers with money and log-ins, codes topped up before each run.

Filled by SQL, since making it is not what is measured; codes are random bytes, sealed by no key.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg

from mingsuan.postgres import DatabaseUrls
from transactional.accounts import tokens

PRICE_FEN = 5000
COST_FEN = 4000
BALANCE_FEN = 10**15

FILL = f"""
insert into shop.shop_profile (id, currency, timezone) values (1, 'CNY', 'Asia/Shanghai');
insert into shop.category (slug, name_zh, name_en) values ('cards', '卡', 'Cards');
insert into shop.product (category_id, slug, kind, title_zh, title_en, publish_state)
select c.id, 'p' || n, 'card_code', '卡', 'Card', 'published' from shop.category as c, generate_series(1, :skus) as n;
insert into shop.sku (product_id, code, name_zh, name_en) select id, slug, '五十', 'Fifty' from shop.product;
insert into shop.price (sku_id, list_price_fen, valid_from)
select id, {PRICE_FEN}, now() - interval '1 day' from shop.sku;
insert into shop.customer (email, display_name)
select 'c' || n || '@example.com', 'c' from generate_series(1, :customers) as n;
insert into shop.wallet (customer_id, balance_fen) select id, {BALANCE_FEN} from shop.customer;
insert into shop.card_batch (sku_id, card_count, file_name, file_sha256)
select id, 1, 'x', code::bytea from shop.sku;
"""
LOG_IN = """
insert into shop.session (token_sha256, customer_id, expires_at) values (%s, %s, now() + interval '1 day')
"""
TOP_UP = f"""
insert into shop.card (batch_id, sku_id, ciphertext, fingerprint, cost_fen)
select batch.id, batch.sku_id, decode(repeat(md5(random()::text), 5), 'hex'),
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()), {COST_FEN}
from shop.card_batch as batch cross join lateral generate_series(
    1, %(level)s - (select count(*) from shop.card where card.sku_id = batch.sku_id and free_at <= now())
) as n
where batch.sku_id = any(%(sku_ids)s)
"""


@dataclass(frozen=True)
class Sku:
    id: int
    public_id: str


@dataclass(frozen=True)
class Customer:
    id: int
    token: str


@dataclass(frozen=True)
class Ground:
    """What is for sale and who buys."""

    urls: DatabaseUrls
    skus: tuple[Sku, ...]
    customers: tuple[Customer, ...]

    def top_up(self, skus: tuple[Sku, ...], codes: int) -> None:
        """So many free codes over these SKUs, evenly; then a tidy, checkpointed start, the same for everybody.

        A table must not be vacuumed while it is empty: the checks of foreign keys would be planned for that.
        """
        with psycopg.connect(superuser(self.urls), autocommit=True) as connection:
            self.lay_in(connection, skus, codes)
            connection.execute("vacuum (analyze)")
            connection.execute("checkpoint")

    def lay_in(self, connection: psycopg.Connection, skus: tuple[Sku, ...], codes: int) -> None:
        """So many free codes over these SKUs, those that are there included."""
        connection.execute(TOP_UP, {"level": codes // len(skus), "sku_ids": [sku.id for sku in skus]})

    def delivered(self) -> int:
        """Codes handed over so far; as many as fulfilments and payments, or RuntimeError."""
        with psycopg.connect(self.urls.app) as connection:
            counts = connection.execute(
                "select (select count(*) from shop.card where state = 'delivered'),"
                " (select count(*) from shop.fulfilment), (select count(*) from shop.payment)"
            ).fetchone()
        if counts is None or len(set(counts)) != 1:
            raise RuntimeError(f"codes delivered, fulfilments and payments differ: {counts}")
        return int(counts[0])


def lay(urls: DatabaseUrls, skus: int, customers: int) -> Ground:
    """A migrated, empty database becomes the ground."""
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        for statement in FILL.strip().split(";\n"):
            connection.execute(statement.replace(":skus", str(skus)).replace(":customers", str(customers)))
        found = connection.execute("select id, public_id::text from shop.sku order by id").fetchall()
        buyers = [
            Customer(row[0], tokens.new()) for row in connection.execute("select id from shop.customer order by id")
        ]
        connection.cursor().executemany(LOG_IN, [(tokens.digest(buyer.token), buyer.id) for buyer in buyers])
        connection.execute("analyze shop.sku, shop.product, shop.price, shop.customer, shop.wallet, shop.session")
    return Ground(urls, tuple(Sku(*row) for row in found), tuple(buyers))


def superuser(urls: DatabaseUrls) -> str:
    return urls.owner.replace("shop_owner@", "postgres@")


def write_plan(file: Path, ground: Ground, skus: tuple[Sku, ...], port: int, buyers: int, seconds: float) -> None:
    """What the buyers' process is told: one unit of a random SKU at a time."""
    asks = [("/api/v1/orders", {"sku_id": sku.public_id, "quantity": 1}) for sku in skus]
    tokens_of = [customer.token for customer in ground.customers]
    plan = {"port": port, "seconds": seconds, "buyers": buyers, "asks": asks, "tokens": tokens_of}
    file.write_text(json.dumps(plan))
