"""What machines ask of a shop process: health, readiness, metrics and who may see them."""

import psycopg
import pytest
from sqlalchemy import text as sql

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client, log_in_customer, new_email
from transactional.db import writing
from transactional.jobs import defer
from transactional.shop import Shop

pytestmark = pytest.mark.anyio


async def test_a_shop_whose_schema_is_not_this_programs_is_not_ready(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        assert (await client.get("/readyz")).json() == {"status": "ok"}
        with psycopg.connect(fresh_database.owner) as connection:
            connection.execute("update shop.alembic_version set version_num = '0001'")
        answer = await client.get("/readyz")
        assert answer.status_code == 503
        assert answer.json()["type"] == "/problems/not-ready"
        assert (await client.get("/healthz")).status_code == 200


async def test_metrics_count_requests_by_template_and_jobs_by_state(shop: Shop, fresh_database: DatabaseUrls) -> None:
    async with Client(shop, fresh_database) as client:
        await log_in_customer(client, new_email())
        assert (await client.read("/orders/M-NOBODYS")).status_code == 404
        assert (await client.get("/there-is-nothing")).status_code == 404
        async with writing(shop.engine) as session:
            await defer(session, "nobody.knows", {"id": 1})
            waiting = await session.scalar(sql("select count(*) from jobs.procrastinate_jobs where status = 'todo'"))
        text = (await client.get("/metrics")).text
    assert 'mingsuan_http_requests_total{method="GET",route="/api/v1/orders/{order_no}",status="404"}' in text
    assert 'mingsuan_http_requests_total{method="GET",route="(none)",status="404"}' in text
    assert "NOBODYS" not in text
    assert "there-is-nothing" not in text
    assert waiting
    assert f'mingsuan_jobs{{state="todo"}} {waiting}.0' in text
    assert 'mingsuan_jobs{state="failed"} 0.0' in text
    assert "mingsuan_database_up 1.0" in text


async def test_the_unsealed_tail_is_as_old_as_its_oldest_posting(shop: Shop, fresh_database: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(
            "insert into shop.ledger_transaction (reference, event, effective_at, ledger_date, created_at)"
            " values ('a', 'test', now(), '2026-01-01', now() - interval '90 seconds')"
        )
    async with Client(shop, fresh_database) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    [age] = [float(line.split()[1]) for line in lines if line.startswith("mingsuan_ledger_unsealed_seconds")]
    assert 90 <= age < 150


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
async def test_metrics_answer_this_machine_only_and_not_through_a_proxy(
    shop: Shop, fresh_database: DatabaseUrls, header: str
) -> None:
    async with Client(shop, fresh_database) as client:
        assert (await client.get("/metrics")).status_code == 200
        assert (await client.get("/metrics", headers={header: "203.0.113.9"})).status_code == 404
        client._transport.client = ("203.0.113.9", 4711)  # type: ignore[attr-defined]
        assert (await client.get("/metrics")).status_code == 404
