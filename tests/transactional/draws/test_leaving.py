"""Nobody is forgotten while a draw still owes them a stake, a result or a prize."""

import pytest

from tests.transactional.draws.open_draws import adult, refundable
from tests.transactional.small_shop import Stocked
from transactional.accounts.persons import erasure
from transactional.accounts.persons.errors import NotErasableError
from transactional.db import reading, writing

pytestmark = pytest.mark.anyio


async def test_a_player_is_erased_only_when_their_draws_are_settled(stocked: Stocked) -> None:
    draw = await refundable(stocked)
    who = await adult(stocked, "ann", 100)
    await stocked.shop.entering.enter(who.id, draw.public_id, 1, "k", pay="wallet")

    async def open_draws() -> int:
        async with reading(stocked.shop.engine) as session:
            return (await erasure.standing(session, who.id)).open_draws

    async def change(sql: str) -> None:
        await stocked.rows(sql.format(draw=draw.id) + " returning 1")

    seen = [await open_draws()]
    with pytest.raises(NotErasableError):
        async with writing(stocked.shop.engine) as session:
            await erasure.erase(session, who.id)
    for step in (
        "update shop.draw set state = 'decided', decided_at = now() where id = {draw}",
        "insert into shop.stake_end (entry_id, outcome, amount_fen)"
        " select id, 'returned', stake_fen from shop.draw_entry where draw_id = {draw}",
        "insert into shop.draw_winner (draw_id, place, entry_index, entry_id, customer_id, claim_until)"
        " select draw_id, 0, 0, id, customer_id, now() from shop.draw_entry where draw_id = {draw}",
        "update shop.draw_winner set state = 'delivered', delivered_at = now() where draw_id = {draw}",
    ):
        await change(step)
        seen.append(await open_draws())
    assert seen == [1, 1, 0, 1, 0]
