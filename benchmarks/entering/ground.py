"""The draws that entries are measured in: open ones with a price, customers of age with money and log-ins.

Filled by SQL, since making it is not what is measured.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.intake.ground import LOG_IN, Customer, superuser
from mingsuan.postgres import DatabaseUrls
from transactional.accounts import tokens
from transactional.draws import chains

PRICE_FEN = 1
BALANCE_FEN = 10**15

FILL = f"""
insert into shop.shop_profile (id, currency, timezone) values (1, 'CNY', 'Asia/Shanghai');
insert into shop.customer (email, display_name)
select 'c' || n || '@example.com', 'c' from generate_series(1, :customers) as n;
insert into shop.wallet (customer_id, balance_fen) select id, {BALANCE_FEN} from shop.customer;
insert into shop.identity_check (customer_id, provider, state, number_index, is_adult, keep_until, purged_at)
select id, 'manual', 'verified', uuid_send(gen_random_uuid()), true, now(), now() from shop.customer;
insert into shop.draw (number, state, title_zh, title_en, mode, prize_item, prize_name, prize_value_fen, prize_kind,
    price_fen, closes_at, delay_s, chain_hash, rules, opened_at)
select n, 'open', '抽奖', 'Draw', 'refundable', 'item-' || n, 'Phone', 500000, 'hand', {PRICE_FEN},
    now() + interval '1 year', 60, '{chains.TEST.hash}', 'One prize.', now()
from generate_series(1, :draws) as n;
"""


@dataclass(frozen=True)
class OpenDraw:
    id: int
    public_id: str


@dataclass(frozen=True)
class Ground:
    """What is drawn and who enters."""

    urls: DatabaseUrls
    draws: tuple[OpenDraw, ...]
    customers: tuple[Customer, ...]

    def tidy(self) -> None:
        """A tidy, checkpointed start, the same for everybody."""
        with psycopg.connect(superuser(self.urls), autocommit=True) as connection:
            connection.execute("vacuum (analyze)")
            connection.execute("checkpoint")

    def taken(self) -> int:
        """Entries accepted so far; as many as draws count and stakes were posted, or RuntimeError."""
        with psycopg.connect(self.urls.app) as connection:
            counts = connection.execute(
                "select (select sum(count) from shop.draw_entry), (select sum(next_index) from shop.draw),"
                " (select count(*) from shop.ledger_transaction where event = 'stake_taken')"
            ).fetchone()
        if counts is None or len({int(each or 0) for each in counts}) != 1:
            raise RuntimeError(f"entries, draws' counts and stakes differ: {counts}")
        return int(counts[0] or 0)


def lay(urls: DatabaseUrls, draws: int, customers: int) -> Ground:
    """A migrated, empty database becomes the ground."""
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        for statement in FILL.strip().split(";\n"):
            connection.execute(statement.replace(":draws", str(draws)).replace(":customers", str(customers)))
        found = connection.execute("select id, public_id::text from shop.draw order by id").fetchall()
        people = [
            Customer(row[0], tokens.new()) for row in connection.execute("select id from shop.customer order by id")
        ]
        connection.cursor().executemany(LOG_IN, [(tokens.digest(who.token), who.id) for who in people])
    return Ground(urls, tuple(OpenDraw(*row) for row in found), tuple(people))


def write_plan(file: Path, ground: Ground, draws: tuple[OpenDraw, ...], port: int, buyers: int, seconds: float) -> None:
    """What the buyers' process is told: one entry in a random draw at a time, paid from the wallet."""
    body = {"count": 1, "pay": "wallet", "expected_stake_fen": PRICE_FEN}
    asks = [(f"/api/v1/draws/{draw.public_id}/entries", body) for draw in draws]
    tokens_of = [customer.token for customer in ground.customers]
    plan = {"port": port, "seconds": seconds, "buyers": buyers, "asks": asks, "tokens": tokens_of}
    file.write_text(json.dumps(plan))
