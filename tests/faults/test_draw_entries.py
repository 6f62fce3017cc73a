"""64 buyers on one draw over HTTP, some with reservations that end: each number once, none missing, none beyond."""

import random
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from tests.faults.entry_rush import Rush
from tests.faults.hot_sale import Workers
from tests.transactional.draws.open_draws import adult, refundable
from tests.transactional.small_shop import Stocked, one_sku
from transactional.accounts import tokens
from transactional.accounts.models import Session
from transactional.db import engine, reading, writing
from transactional.draws import entries, rules
from transactional.draws.models import Draw
from transactional.ledger import service as ledger
from transactional.shop import open_shop

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket, pytest.mark.xdist_group("heavy")]
BUYERS = 64
PRICE_FEN = 10
BALANCE_FEN = 10**9
SEED = 20261122


async def _buyers(stocked: Stocked) -> list[str]:
    people = [await adult(stocked, f"buyer-{number}", BALANCE_FEN) for number in range(BUYERS)]
    given = [tokens.new() for _ in people]
    until = clock.now() + timedelta(days=1)
    async with writing(stocked.shop.engine) as session:
        for token, who in zip(given, people, strict=True):
            session.add(Session(token_sha256=tokens.digest(token), customer_id=who.id, expires_at=until))
    return given


async def _forgotten_holds_end(stocked: Stocked) -> int:
    """The clock of many processes cannot be moved: their end is."""
    past = """update shop.draw_hold set until = now() - interval '1 second'
        where state = 'held' and until > now() returning count"""
    return sum(count for (count,) in await stocked.rows(past))


@pytest.mark.proof
async def test_each_number_is_given_once_none_is_missing_and_none_is_beyond_the_last(
    fresh_database: DatabaseUrls, tmp_path: Path, full_counts: bool
) -> None:
    capacity = 100_000 if full_counts else 3_000
    source = engine(fresh_database.app)
    shop = await open_shop(Settings(var=tmp_path), source)
    async with writing(source) as session:
        stocked = Stocked(shop, await one_sku(session))
    draw = await refundable(stocked, price_fen=PRICE_FEN, capacity=capacity, prize_value_fen=500_000)
    given = await _buyers(stocked)
    environment = {**fresh_database.environment(), "MINGSUAN_VAR": str(tmp_path)}
    with Workers(2, environment, tmp_path) as workers:
        rush = Rush(workers.addresses, str(draw.public_id), given, random.Random(SEED))  # noqa: S311
        await rush.run(forgetful=True)
        [(taken,)] = await stocked.rows("select next_index from shop.draw")
        kept = await _forgotten_holds_end(stocked)
        assert (taken + kept, kept > 0, rush.holds_left > 0, rush.repeated > 0) == (capacity, True, True, True)
        await rush.run(forgetful=False)

    assert set(rush.refused) == {"/problems/draw-full"}
    await _every_number_once(stocked, draw, rush, capacity)
    await _books_agree(stocked, rush)
    await source.dispose()


async def _every_number_once(stocked: Stocked, draw: Draw, rush: Rush, capacity: int) -> None:
    told = sorted((each["first_index"], each["count"]) for each in rush.given.values())
    assert await stocked.rows("select first_index, count from shop.draw_entry order by 1") == told
    numbers = [first + place for first, count in told for place in range(count)]
    assert numbers == list(range(capacity))
    counts = "select next_index, paid_count, free_count, house_count from shop.draw"
    assert await stocked.rows(counts) == [(capacity, capacity, 0, 0)]
    async with reading(stocked.shop.engine) as session:
        file = b"".join([piece async for piece in entries.tickets(session, draw.id)])
    for each in rush.given.values():
        at, says = each["first_index"] + each["count"] - 1, each["receipt"]["receipt"]
        nonce = rules.nonce_of(bytes.fromhex(says["nonce"]), at)
        assert file[32 * at : 32 * at + 32] == rules.ticket(draw.public_id, at, bytes.fromhex(says["user_ref"]), nonce)


async def _books_agree(stocked: Stocked, rush: Rush) -> None:
    stakes = sum(each["stake_fen"] for each in rush.given.values())
    async with reading(stocked.shop.engine) as session:
        balances: dict[str, Any] = {each.code: each.balance_fen for each in await ledger.trial_balance(session)}
        assert (await ledger.check(session)).is_whole
    assert sum(balances.values()) == 0
    assert balances["draw_stakes"] == -stakes
    assert balances["customer_wallet"] == stakes - BUYERS * BALANCE_FEN
    assert await stocked.rows("select sum(balance_fen)::bigint from shop.wallet") == [(BUYERS * BALANCE_FEN - stakes,)]
