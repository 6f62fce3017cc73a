"""What can be drafted, changed and opened; numbers of draws have no gaps, and one prize is given away once."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from tests.transactional.draws.lives import World, new_draw, world
from tests.transactional.small_shop import Stocked
from transactional.db import reading, writing
from transactional.draws import leaves, service
from transactional.draws.chains import QUICKNET
from transactional.draws.drafts import MOST_RESERVES, MOST_WINNERS, problems
from transactional.draws.errors import DrawMovedOnError, OnlyForTrialsError, PrizeTakenError
from transactional.draws.leaves import Opened
from transactional.draws.models import Draw
from transactional.draws.play.errors import PrizeTooDearError
from transactional.errors import InvalidInputError, NotFoundError

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


@pytest.mark.parametrize(
    ("wrong", "places"),
    [
        ({"title_zh": " "}, {"title_zh"}),
        ({"title_en": "x" * 201}, {"title_en"}),
        ({"rules": ""}, {"rules"}),
        ({"rules": "a\0b"}, {"rules"}),
        ({"prize_name": "\ud83d"}, {"prize_name"}),
        ({"mode": "lottery"}, {"mode"}),
        ({"profile": "moon"}, {"profile"}),
        ({"prize_kind": "cash"}, {"prize_kind"}),
        ({"prize_value_fen": 0}, {"prize_value_fen"}),
        ({"price_fen": 100}, {"price_fen"}),
        ({"mode": "paid"}, {"price_fen"}),
        ({"pack": (12, 10)}, {"pack"}),
        ({"mode": "refundable", "price_fen": 100, "pack": (10, 10)}, {"pack"}),
        ({"capacity": 0}, {"closes_at"}),
        ({"capacity": 1}, {"capacity"}),
        ({"capacity": 10_000_001}, {"capacity"}),
        ({"winners": 0}, {"winners"}),
        ({"winners": MOST_WINNERS + 1, "capacity": 0}, {"winners", "closes_at"}),
        ({"reserves": -1}, {"reserves"}),
        ({"delay_s": 4}, {"delay_s"}),
        ({"delay_s": 299, "chain_hash": QUICKNET.hash}, {"delay_s"}),
        ({"chain_hash": "0" * 64}, {"chain_hash", "delay_s"}),
        ({"claim_days": 0}, {"claim_days"}),
        ({"most_each": 0}, {"most_each"}),
    ],
)
def test_each_fault_of_a_draft_is_named_at_its_place(wrong: dict[str, Any], places: set[str]) -> None:
    assert problems(new_draw()) == ()
    assert {problem.place for problem in problems(new_draw(**wrong))} == places


def test_what_a_result_says_of_as_many_winners_as_there_can_be_fits_into_a_leaf() -> None:
    index = 9_999_999
    opened = [Opened(index, bytes(32), bytes(32))] * MOST_WINNERS
    reserves = [index] * MOST_RESERVES
    body = leaves.result(UUID(int=1), bytes(32), 2**40, bytes(48), opened, reserves, 2**33)
    assert len(body) <= leaves.MOST_BYTES


async def test_a_draft_can_be_changed_and_thrown_away_until_it_is_opened(lives: World) -> None:
    async with writing(lives.shop.engine) as session:
        kept = await service.draft(session, new_draw(prize_item="phone-1"), lives.staff_id)
        gone = await service.draft(session, new_draw(prize_item="phone-2"), lives.staff_id)
    async with writing(lives.shop.engine) as session:
        changed = new_draw(prize_item="phone-1", capacity=20, title_en="Other")
        await service.edit(session, kept.id, changed, lives.staff_id)
        await service.discard(session, gone.id, lives.staff_id)
    async with reading(lives.shop.engine) as session:
        row = await session.get_one(Draw, kept.id)
        assert service.said_of(row) == changed
        assert (await session.get_one(Draw, gone.id)).state == "discarded"
    async with writing(lives.shop.engine) as session:
        await service.open_draw(session, kept.id, lives.staff_id, lives.at(), is_trial=True)
    for act in (
        lambda session: service.edit(session, kept.id, changed, lives.staff_id),
        lambda session: service.discard(session, kept.id, lives.staff_id),
        lambda session: service.open_draw(session, kept.id, lives.staff_id, lives.at(), is_trial=True),
    ):
        async with writing(lives.shop.engine) as session:
            with pytest.raises(DrawMovedOnError):
                await act(session)
    async with writing(lives.shop.engine) as session:
        with pytest.raises(NotFoundError):
            await service.open_draw(session, gone.id, lives.staff_id, lives.at(), is_trial=True)
    acts = await lives.stocked.rows("select act from shop.staff_act order by id")
    assert [act for (act,) in acts if "draw" in act] == [
        "draft_draw", "draft_draw", "edit_draw", "discard_draw", "open_draw",
    ]  # fmt: skip


async def test_one_prize_belongs_to_one_draw_unless_that_was_called_off(lives: World) -> None:
    first = await lives.opened(prize_item="phone-1")
    async with writing(lives.shop.engine) as session:
        with pytest.raises(PrizeTakenError, match="端午抽奖"):
            await service.draft(session, new_draw(prize_item="phone-1"), lives.staff_id)
    async with writing(lives.shop.engine) as session:
        await service.void(session, first.id, "cancelled", "The prize broke.", lives.staff_id, lives.at())
    second = await lives.opened(prize_item="phone-1")
    assert (await lives.row(first)).number == 1
    assert (await lives.row(second)).number == 2


async def test_draws_that_are_opened_at_once_are_numbered_without_gaps_though_one_is_refused(lives: World) -> None:
    async with writing(lives.shop.engine) as session:
        drafted = [await service.draft(session, new_draw(), lives.staff_id) for _ in range(6)]
        dear = await service.draft(session, new_draw(prize_value_fen=6_000_000), lives.staff_id)

    async def opened(draw: Draw) -> object:
        try:
            async with writing(lives.shop.engine) as session:
                return (await service.open_draw(session, draw.id, lives.staff_id, lives.at(), is_trial=True)).number
        except PrizeTooDearError:
            return None

    told = await asyncio.gather(*(opened(draw) for draw in [*drafted[:3], dear, *drafted[3:]]))
    assert told.pop(3) is None
    assert sorted(map(str, told)) == ["1", "2", "3", "4", "5", "6"]
    bodies = await lives.stocked.rows("select body from shop.log_leaf where kind = 'open' order by id")
    assert [json.loads(body)["number"] for (body,) in bodies] == [1, 2, 3, 4, 5, 6]


async def test_a_draw_that_would_close_within_a_minute_is_not_opened(lives: World) -> None:
    async with writing(lives.shop.engine) as session:
        soon = lives.at() + timedelta(seconds=59, microseconds=5)
        draft = await service.draft(session, new_draw(closes_at=soon), lives.staff_id)
        assert draft.closes_at == soon.replace(microsecond=0)
        with pytest.raises(InvalidInputError):
            await service.open_draw(session, draft.id, lives.staff_id, lives.at(), is_trial=True)
        await service.open_draw(session, draft.id, lives.staff_id, lives.at() - timedelta(seconds=1), is_trial=True)


async def test_what_anybody_could_compute_decides_nothing_but_where_draws_are_for_trying_out(lives: World) -> None:
    async with writing(lives.shop.engine) as session:
        draft = await service.draft(session, new_draw(), lives.staff_id)
        real = await service.draft(session, new_draw(chain_hash=QUICKNET.hash), lives.staff_id)
    async with writing(lives.shop.engine) as session:
        with pytest.raises(OnlyForTrialsError):
            await service.open_draw(session, draft.id, lives.staff_id, lives.at())
    async with writing(lives.shop.engine) as session:
        assert (await service.open_draw(session, real.id, lives.staff_id, lives.at())).state == "open"
        assert (await service.open_draw(session, draft.id, lives.staff_id, lives.at(), is_trial=True)).state == "open"
