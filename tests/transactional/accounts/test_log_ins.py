"""Who is behind a cookie, asked by many at once: each gets its own answer, and nothing is remembered."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError

from mingsuan import clock
from tests.transactional.small_shop import Stocked
from transactional.accounts import service as accounts
from transactional.accounts import tokens
from transactional.accounts.entry.log_ins import LogIns
from transactional.accounts.models import Session
from transactional.db import engine, writing

pytestmark = pytest.mark.anyio


async def _token(stocked: Stocked, customer_id: int, days: int = 1) -> str:
    token = tokens.new()
    async with writing(stocked.shop.engine) as session:
        until = clock.now() + timedelta(days=days)
        session.add(Session(token_sha256=tokens.digest(token), customer_id=customer_id, expires_at=until))
    return token


async def test_each_of_many_at_once_gets_the_own_customer(stocked: Stocked) -> None:
    customers = [await stocked.customer(f"c{number}") for number in range(5)]
    cookies = [await _token(stocked, customer.id) for customer in customers]
    ask = stocked.shop.log_ins.customer
    expired = await _token(stocked, customers[0].id, days=-1)
    found = await asyncio.gather(*(ask(cookie) for cookie in [*cookies, "no such", expired, *cookies]))
    assert found == [*customers, None, None, *customers]


async def test_a_log_in_that_ended_is_refused_from_the_next_question_on(stocked: Stocked) -> None:
    customer = await stocked.customer("li")
    cookie = await _token(stocked, customer.id)
    assert await stocked.shop.log_ins.customer(cookie) == customer
    async with writing(stocked.shop.engine) as session:
        await accounts.log_out(session, cookie)
    assert await stocked.shop.log_ins.customer(cookie) is None


async def test_a_database_that_fails_is_told_to_everyone_who_asked_and_the_next_may_ask_again(
    stocked: Stocked,
) -> None:
    away = engine("postgresql://nobody@/nowhere?host=/nonexistent")
    log_ins = LogIns(away)
    for _ in range(2):
        answers = await asyncio.gather(log_ins.customer("a"), log_ins.customer("b"), return_exceptions=True)
        assert all(isinstance(answer, SQLAlchemyError) for answer in answers)


async def test_who_stops_waiting_takes_the_answer_from_nobody(stocked: Stocked) -> None:
    customer = await stocked.customer("li")
    cookie = await _token(stocked, customer.id)
    first, second = [asyncio.create_task(stocked.shop.log_ins.customer(cookie)) for _ in range(2)]
    await asyncio.sleep(0)
    first.cancel()
    assert await second == customer
