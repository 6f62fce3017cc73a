"""Transactions of other databases on the tests' server: they hold back the horizon that is seen in every database."""

import time

import psycopg

from mingsuan.postgres import DatabaseUrls

HORIZON = """
select pg_snapshot_xmin(now.snapshot)::text::bigint >= coalesce(
    (select min(backend_xid::text::bigint) from pg_stat_activity where datname = current_database()),
    first.xid
) from (select pg_current_snapshot() as snapshot) as now, (select %s::bigint as xid) as first
"""
WAIT_S = 120


def wait_for_other_databases(urls: DatabaseUrls) -> None:
    """Until only this database's own open transactions hold back what counts as ended."""
    with psycopg.connect(urls.owner.replace("shop_owner@/", "postgres@/"), autocommit=True) as connection:
        [first] = connection.execute("select pg_snapshot_xmax(pg_current_snapshot())::text::bigint").fetchone() or [0]
        until = time.monotonic() + WAIT_S
        while not (connection.execute(HORIZON, (first,)).fetchone() or [False])[0]:
            assert time.monotonic() < until, "a transaction of another database did not end"
            time.sleep(0.02)
