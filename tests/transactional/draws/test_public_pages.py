"""Pages of draws as people get them: nothing is left out, nobody is named, costs and odds are said before paying."""

import io
import json
import re
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from mingsuan import draw_verifier
from mingsuan.postgres import DatabaseUrls
from tests.transactional.draws.lives import World, world
from tests.transactional.draws.open_draws import adult
from tests.transactional.draws.page_stand import Stand, stand
from tests.transactional.small_shop import Stocked, codes
from transactional.db import writing
from transactional.draws import pages as pages_module
from transactional.draws import service
from transactional.draws.log import service as log
from transactional.draws.page_wording import step_texts
from transactional.draws.verify_policy import IMPORT_MAP

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]


@pytest.fixture
async def lives(stocked: Stocked) -> AsyncIterator[World]:
    async with world(stocked) as made:
        yield made


@pytest.fixture
async def pages(lives: World, fresh_database: DatabaseUrls) -> AsyncIterator[Stand]:
    async with stand(lives, fresh_database) as opened:
        yield opened


def words(html: str) -> str:
    """What a page says, without its frame."""
    main = html.partition("<main")[2].partition("</main")[0]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", main))


async def test_every_draw_is_listed_without_gaps_and_one_that_was_called_off_says_why(pages: Stand) -> None:
    lives = pages.lives
    ann = await adult(lives.stocked, "ann")
    await pages.decided(ann, capacity=12)
    void = await lives.opened()
    with lives.now():
        async with writing(lives.shop.engine) as session:
            await service.void(session, void.id, "cancelled", "The supplier has none.", lives.staff_id, lives.at())
    await lives.opened(capacity=40)
    listed = words((await pages.get("/draws")).text)
    assert re.findall(r"Draw (\d)", listed) == ["3", "2", "1"]
    assert re.findall(r"Taking entries|Called off|Winners known", listed) == [
        "Taking entries",
        "Called off",
        "Winners known",
    ]
    assert "1 in 20 an entry when full" in listed
    assert "The supplier has none." in words((await pages.get(f"/draws/{void.public_id}")).text)
    assert (await pages.get("/draws", page="2")).status_code == 404


async def test_a_decided_draw_tells_its_whole_computation_and_names_nobody(pages: Stand) -> None:
    ann = await adult(pages.lives.stocked, "ann")
    draw = await pages.decided(ann, capacity=12)
    said = words((await pages.get(f"/draws/{draw.public_id}")).text)
    for winner in await pages.lives.winners(draw):
        assert str(10_000_001 + winner.entry_index) in said
    row = await pages.lives.row(draw)
    outcome = await pages.lives.verdict(draw)
    assert str(outcome.facts["commit_hash"]) in said
    assert f"Round {row.round_no:,} of the beacon" in said
    assert "12 entries in" in said
    assert re.search(r"free 10 paid 0 the shop’s own 2 ", said)
    assert "seen by witnesses" in said
    assert "example.com" not in said
    assert str(ann.public_id) not in said


async def test_before_the_result_nobody_sees_winners_and_after_the_round_anybody_may_ask_for_it(pages: Stand) -> None:
    draw = await pages.committed(await adult(pages.lives.stocked, "ann"), capacity=12)
    page = f"/draws/{draw.public_id}"
    waiting = await pages.get(page)
    assert "data-until" in waiting.text
    assert "Fixed, waiting" in waiting.text
    assert f"{page}/result" not in waiting.text
    early = await pages.post(f"{page}/result")
    assert early.headers["location"] == f"{page}?done=asked"
    await pages.lives.wait_for_round(draw)
    pages.lives.passes(seconds=1)
    overdue = await pages.get(page)
    assert "Overdue" in overdue.text
    assert f"{page}/result" in overdue.text
    asked = await pages.post(f"{page}/result")
    assert (asked.status_code, asked.headers["location"]) == (303, f"{page}?done=result")
    assert "Winners known" in (await pages.get(page)).text


async def test_what_entries_cost_and_the_odds_are_said_before_they_are_taken(pages: Stand) -> None:
    lives, ann = pages.lives, await adult(pages.lives.stocked, "ann", 2000)
    terms = {"mode": "refundable", "price_fen": 100, "pack": (12, 10), "capacity": 100, "winners": 1}
    draw = await lives.opened(**terms)
    page = f"/draws/{draw.public_id}"
    offered = await pages.get(f"{page}/join", ann, count="13", pay="wallet")
    said = words(offered.text)
    assert "You pay ¥11.00" in said
    assert "Saved by packs −¥2.00" in said
    assert "13%" in said
    assert "Who does not win gets the whole stake back" in said
    form = dict(re.findall(r'name="(\w+)" value="([^"]*)"', offered.text.partition('action="/draws')[2]))
    dearer = await pages.post(f"{page}/entries", ann, **{**form, "stake_fen": "1300"})
    assert dearer.status_code == 409
    for _ in range(2):  # sent twice, it happens once
        entered = await pages.post(f"{page}/entries", ann, **form)
        assert (entered.status_code, entered.headers["location"]) == (303, f"{page}?done=entered")
    own = words((await pages.get(page, ann)).text)
    assert "yours 13 Your odds 13%" in own
    assert (
        await pages.post(f"{page}/entries", ann, count="1", pay="chances", idempotency_key="x" * 9)
    ).status_code == 409
    too_dear = await pages.get(f"{page}/join", ann, count="50", pay="wallet")
    assert "Wallet balance ¥9.00" in words(too_dear.text)


async def test_a_free_chance_is_taken_once_a_day_and_used(pages: Stand) -> None:
    ann = await adult(pages.lives.stocked, "ann")
    draw = await pages.lives.opened()
    page = f"/draws/{draw.public_id}"
    assert "You have no chance that can be used here" in (await pages.get(page, ann)).text
    assert (await pages.post(f"{page}/free-route", ann)).headers["location"] == f"{page}?done=free"
    assert (await pages.post(f"{page}/free-route", ann)).status_code == 409
    assert "you have 1" in (await pages.get(page, ann)).text
    enough = await pages.get(f"{page}/join", ann, count="1", pay="chances")
    lacking = await pages.get(f"{page}/join", ann, count="2", pay="chances")
    assert ("<button" in enough.text.partition('name="stake_fen"')[2], "Get more chances" in enough.text) == (
        True,
        False,
    )
    assert ("You have too few chances" in lacking.text, 'href="/account/draws">Get more' in lacking.text) == (
        True,
        True,
    )
    await pages.post(f"{page}/entries", ann, count="1", pay="chances", idempotency_key="the-free-one")
    assert "yours 1 " in words((await pages.get(page, ann)).text)
    assert (await pages.post("/account/draws/check-ins", ann)).headers["location"] == "/account/draws?done=checked-in"
    mine = words((await pages.get("/account/draws", ann)).text)
    assert "From checking in" in mine
    assert "You have checked in today." in mine


async def test_who_was_invited_says_by_whom_once_and_the_inviter_gets_a_chance(pages: Stand) -> None:
    stocked = pages.lives.stocked
    ann = await stocked.customer("ann")
    bob = await stocked.customer("bob", 10**6)
    mine = (await pages.get("/account/draws", ann)).text
    assert str(ann.public_id) in mine
    invite = "/account/draws/invitations"
    early = await pages.post(invite, bob, inviter=str(ann.public_id))
    assert (early.status_code, "an order of 50 or more" in words(early.text)) == (409, True)
    await stocked.stock(codes(1))
    await stocked.shop.intake.buy(bob.id, stocked.sku.id, 1, "bought")
    assert (await pages.post(invite, bob, inviter="nobody")).status_code == 409
    assert (await pages.post(invite, bob, inviter=f" {ann.public_id} ")).headers[
        "location"
    ] == "/account/draws?done=named"
    assert (await pages.post(invite, bob, inviter=str(ann.public_id))).status_code == 409
    assert "You have said who invited you." in words((await pages.get("/account/draws", bob)).text)
    assert "From an invitation" in words((await pages.get("/account/draws", ann)).text)


async def test_a_ticket_is_opened_to_its_owner_only_and_the_receipt_holds(pages: Stand) -> None:
    stocked = pages.lives.stocked
    ann, bob = await adult(stocked, "ann"), await adult(stocked, "bob")
    draw = await pages.decided(ann, capacity=12)
    page = f"/draws/{draw.public_id}"
    own = await pages.get(f"{page}/ticket", ann, number="10000003")
    assert "Your secret for this number" in own.text
    [receipt] = set(re.findall(rf"{page}/receipts/[0-9a-f-]+\.json", own.text))
    for who in (bob, None):
        others = await pages.get(f"{page}/ticket", who, number="10000003")
        assert "Number 10000003" in others.text
        assert "secret for this number" not in others.text
    assert (await pages.get(receipt, bob)).status_code == 404
    assert (await pages.get(f"{page}/proofs/10000003", bob)).status_code == 404
    assert (await pages.get(f"{page}/proofs/10000003", ann)).text.startswith("c2sp.org/tlog-proof@v1")
    kept, bundle = await pages.get(receipt, ann), await pages.get(f"{page}/bundle.zip")
    policy = draw_verifier.policy_of(json.dumps(log.policy(pages.lives.keeper)).encode())
    given = draw_verifier.Given(io.BytesIO(bundle.content), policy, pages.lives.second, kept.content, ())
    assert draw_verifier.verify(given).code == "TEST"
    assert "No entry of this draw has this number." in (await pages.get(f"{page}/ticket", number="10000013")).text


async def test_who_is_in_often_sees_own_numbers_a_page_at_a_time(pages: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "RANGES_A_PAGE", 1)
    ann = await adult(pages.lives.stocked, "ann")
    draw = await pages.lives.opened(capacity=12)
    for _ in range(2):
        await pages.lives.enters(draw, ann, 1)
    ticket = f"/draws/{draw.public_id}/ticket"
    first, second = await pages.get(ticket, ann), await pages.get(ticket, ann, page="2")
    receipts = [re.findall(r"/receipts/[0-9a-f-]+\.json", each.text) for each in (first, second)]
    assert [len(each) for each in receipts] == [1, 1]
    assert receipts[0] != receipts[1]
    assert (first.text.count('rel="next"'), second.text.count('rel="next"')) == (1, 0)
    assert (await pages.get(ticket, ann, page="3")).status_code == 404


async def test_a_key_that_no_database_keeps_is_refused_before_anybody_waits_with_it(pages: Stand) -> None:
    ann = await adult(pages.lives.stocked, "ann")
    draw = await pages.lives.opened()
    sent = await pages.post(f"/draws/{draw.public_id}/entries", ann, idempotency_key="a-key\0of-nought")
    assert sent.status_code == 422


async def test_batches_are_counted_as_they_come(pages: Stand) -> None:
    ann = await adult(pages.lives.stocked, "ann")
    draw = await pages.lives.opened(capacity=40)
    page, told = f"/draws/{draw.public_id}", list[str]()
    for _ in range(2):
        await pages.lives.enters(draw, ann, 1)
        pages.lives.passes(seconds=5)
        await pages.lives.sequenced()
        told += re.findall(r"in (\d+) batch", words((await pages.get(page)).text))
        told += re.findall(r"in (\d+) batch", words((await pages.get(page)).text))
    assert told == ["1", "1", "2", "2"]


async def test_a_prize_is_claimed_by_its_winner_alone_and_in_time(pages: Stand) -> None:
    stocked = pages.lives.stocked
    ann, bob = await adult(stocked, "ann"), await adult(stocked, "bob")
    draw = await pages.decided(ann, capacity=3, winners=3, reserves=0)
    won = [each for each in await pages.lives.winners(draw) if each.customer_id is not None]
    claim = f"/account/draws/prizes/{won[0].public_id}/claim"
    assert claim in (await pages.get("/account/draws", ann)).text
    assert claim not in (await pages.get("/account/draws", bob)).text
    assert (await pages.post(claim, bob)).status_code == 404
    assert "Your number" in (await pages.get(f"/draws/{draw.public_id}", ann)).text
    for _ in range(2):
        assert (await pages.post(claim, ann)).headers["location"] == "/account/draws?done=claimed"
    assert "Claimed, on its way" in (await pages.get("/account/draws", ann)).text


async def test_a_prize_whose_days_are_over_offers_no_claim(pages: Stand) -> None:
    ann = await adult(pages.lives.stocked, "ann")
    await pages.decided(ann, capacity=3, winners=3, reserves=0)
    pages.lives.second += int(timedelta(days=7, minutes=1).total_seconds())
    mine = await pages.get("/account/draws", ann)
    assert "The days to claim it are over." in mine.text
    assert "/claim" not in mine.text


async def test_the_page_of_the_verifier_may_run_its_own_scripts_and_the_map_of_them(pages: Stand) -> None:
    draw = await pages.lives.opened()
    answer = await pages.get(f"/draws/{draw.public_id}/verify")
    assert f'<script type="importmap">{IMPORT_MAP}</script>' in answer.text
    policy = answer.headers["content-security-policy"]
    assert re.search(r"script-src 'self' 'sha256-[\w+/=]{44}';", policy)
    assert "unsafe" not in policy
    shown = re.findall(r'data-step="([A-Z-]+)"', answer.text)
    known = [code for code, exit_ in draw_verifier.EXITS.items() if 20 <= exit_ <= 45]
    assert shown == known == [code for code, _ in step_texts(str)]


async def test_statistics_count_every_prize_of_every_draw(pages: Stand) -> None:
    assert "No draw was decided yet" in (await pages.get("/draws/statistics")).text
    ann = await adult(pages.lives.stocked, "ann")
    draws = [await pages.decided(ann, capacity=12, winners=2) for _ in range(2)]
    wins = [each.customer_id for draw in draws for each in await pages.lives.winners(draw)]
    said = words((await pages.get("/draws/statistics")).text)
    assert f"{wins.count(None)} of 4 prizes in 2 draws." in said
    assert "0.7 (16.7%) were to be expected" in said
    assert "Too few winners for a χ² test yet" in said


async def test_a_code_that_was_won_is_shown_to_its_winner_when_they_ask(pages: Stand) -> None:
    lives, ann = pages.lives, await adult(pages.lives.stocked, "ann")
    bob = await adult(lives.stocked, "bob")
    draw = await lives.decided(ann, winners=1)
    [winner] = await lives.winners(draw)
    show = f"/account/draws/prizes/{winner.public_id}/code"
    assert show not in (await pages.get("/account/draws", ann)).text
    async with writing(lives.shop.engine) as session:
        await service.claim(session, lives.shop.vault, winner.public_id, ann.id, lives.at())
        given = service.Handing(cost_fen=900, code="OPEN-<SESAME>")
        await service.deliver(session, lives.shop.vault, winner.public_id, given, None, lives.shop.zone)
    hidden = await pages.get("/account/draws", ann)
    assert (show in hidden.text, "SESAME" in hidden.text, "First shown" in hidden.text) == (True, False, False)
    assert (await pages.post(show, bob)).status_code == 404
    shown = await pages.post(show, ann)
    assert "OPEN-&lt;SESAME&gt;" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    again = await pages.get("/account/draws", ann)
    assert ("SESAME" in again.text, "First shown" in again.text, "Show again" in again.text) == (False, True, True)
