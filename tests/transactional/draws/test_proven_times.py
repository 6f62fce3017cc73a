"""What the log says of time rests on the beacon's rounds: without a fresh one nothing is said."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from tests.transactional.draws.lives import World, world
from tests.transactional.small_shop import Stocked
from transactional.db import writing
from transactional.draws import service
from transactional.draws.chains import TEST
from transactional.draws.errors import ForfeitTooEarlyError
from transactional.draws.models import Draw

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


async def _last(lives: World, draw: Draw, kind: str) -> dict[str, int]:
    said = "select body from shop.log_leaf where draw_id = :id and kind = :kind order by id desc limit 1"
    rows = await lives.stocked.rows(said, id=draw.id, kind=kind)
    return json.loads(rows[0][0]) if rows else {}


async def test_a_prize_goes_on_only_when_a_round_proves_that_the_claim_days_are_over(lives: World) -> None:
    ann = await lives.stocked.customer("ann")
    draw = await lives.decided(ann, winners=1, claim_days=1)
    [winner] = await lives.winners(draw)
    lives.passes(days=1, seconds=5)
    lives.relay.fault = "dies"
    await lives.stepped(draw)
    assert await _last(lives, draw, "forfeit") == {}
    async with writing(lives.shop.engine) as session:
        with pytest.raises(ForfeitTooEarlyError):
            await service.forfeit(session, winner.public_id, "gone", None, lives.at() + timedelta(days=9))
    lives.relay.fault = None
    await lives.stepped(draw)
    said = await _last(lives, draw, "forfeit")
    assert TEST.pace.time_of(said["fresh_round"]) > winner.claim_until.timestamp()
    await lives.sequenced()
    assert (await lives.verdict(draw)).code == "TEST"


async def test_nothing_is_committed_with_a_round_from_before_the_closing(
    lives: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("transactional.draws.steps.WAIT_S", 0.0)
    ann = await lives.stocked.customer("ann")
    draw = await lives.opened()
    await lives.enters(draw, ann, 10)
    await lives.sequenced()
    lives.relay.fault, lives.relay.lag = "lags", 3
    assert await lives.stepped(draw) == "closed"
    lives.relay.fault = None
    assert await lives.stepped(draw) == "committed"
    said = await _last(lives, draw, "commit")
    assert TEST.pace.time_of(said["fresh_round"]) >= said["closed_at"] - TEST.pace.period
