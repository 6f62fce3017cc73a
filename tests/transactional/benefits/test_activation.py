"""Activating at a provider that repeats, reorders, is silent, lies and is impersonated: only its proven word counts."""

import asyncio
import json
import logging
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import anyio.to_thread
import pytest

from mingsuan import clock
from mingsuan.postgres import DatabaseUrls
from simulation.benefits import Plan
from tests.transactional.benefits.conftest import SECRET, Counter, dump
from tests.transactional.small_shop import all_text
from transactional.accounts.schemas import CustomerSubject
from transactional.benefits import jobs, providers, signing
from transactional.benefits.errors import ActivationUnderWayError, NotActivatableError, SeveralProvidersError
from transactional.benefits.providers import NewProvider
from transactional.benefits.schemas import LaunchView
from transactional.db import writing
from transactional.errors import NotFoundError

pytestmark = pytest.mark.anyio


async def owner_of(counter: Counter, count: int = 1) -> tuple[CustomerSubject, list[Any]]:
    """A customer with benefits that can be activated at the provider."""
    sku, li = await counter.goods(), await counter.market.customer("li")
    await counter.at_provider(sku)
    await counter.buy(li, sku, count)
    await counter.sweep()
    return li, [each.id for each in await counter.owned(li)]


async def state_of(counter: Counter, li: CustomerSubject) -> str:
    return (await counter.one(li)).state


async def test_a_benefit_is_activated_when_the_provider_says_so_and_not_before(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    visit = await counter.go(await counter.launch(li, *ids))
    [booked] = counter.provider.booked.values()
    assert booked.code is not None
    assert booked.code.startswith("VIDEO-")
    await counter.ask()
    assert (await counter.one(li)).is_waiting
    await counter.decide(visit, "activated")
    assert (await counter.one(li)).is_waiting, "a message alone is not believed"
    await counter.ask()
    benefit = await counter.one(li)
    assert benefit.state == "activated"
    assert benefit.expires_at == booked.valid_until
    await counter.decide(visit, "used")
    await counter.ask()
    assert await counter.events(li) == [
        ("ready", "delivered"),
        ("revealed", "shown"),
        ("activated", "provider"),
        ("used", "provider"),
    ]


async def test_a_ticket_is_spent_once_and_not_after_its_time(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    assert await counter.launch(li, *ids) == way, "a double click gets the same way"
    await counter.go(way)
    with pytest.raises(PermissionError):
        await counter.go(way)
    [other] = [await owner_with(counter, "wang")]
    late = await counter.launch(*other)
    with clock.at(clock.now() + timedelta(minutes=11)):
        counter.provider.now = clock.now
        with pytest.raises(PermissionError):
            await claim(counter, late)
        await jobs.follow(counter.shop)
    assert (await counter.one(other[0])).attempt == "lapsed"
    assert (await counter.one(other[0])).is_activatable


async def owner_with(counter: Counter, name: str) -> tuple[CustomerSubject, Any]:
    customer, sku = await counter.market.customer(name), await counter.goods(f"S-{name}")
    await counter.at_provider(sku)
    await counter.buy(customer, sku)
    await counter.sweep()
    return customer, (await counter.one(customer)).id


async def claim(counter: Counter, way: LaunchView, **changed: str) -> None:
    """Straight to the shop, past the provider's own check of the address."""
    query = dict(parse_qsl(urlsplit(way.address).query)) | changed
    body = json.dumps({"type": "claim", "launch": query["launch"], "ticket": query["ticket"]}).encode()
    headers = counter.provider.signed("claim-x", body)
    answer = await anyio.to_thread.run_sync(counter.provider.send, "/providers/demo/claims", headers, body)
    if answer[0] != 200:
        raise PermissionError(answer[0])


async def test_of_many_claims_at_the_same_instant_one_gets_the_code(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    ends = await asyncio.gather(*(claim(counter, way) for _ in range(6)), return_exceptions=True)
    assert ends.count(None) == 1
    assert {type(end) for end in ends} == {type(None), PermissionError}
    assert await counter.market.one("select count(*) from shop.card_reveal") == 1


async def test_a_guessed_ticket_a_strangers_signature_and_another_message_claim_nothing(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    with pytest.raises(PermissionError, match="409"):
        await claim(counter, way, ticket="A" * 43)
    with pytest.raises(PermissionError, match="409"):
        await claim(counter, way, launch=str(uuid4()))
    counter.provider.secret = bytes(32)
    with pytest.raises(PermissionError, match="401"):
        await claim(counter, way)
    counter.provider.secret = SECRET
    event = json.dumps({"type": "activation.changed", "activation": str(uuid4())}).encode()
    headers = counter.provider.signed("e-1", event)
    status, _, _ = await anyio.to_thread.run_sync(counter.provider.send, "/providers/demo/claims", headers, event)
    assert status == 422
    await claim(counter, way)


async def test_the_signed_address_says_no_code_and_breaks_when_any_part_is_changed(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    query = dict(parse_qsl(urlsplit(way.address).query))
    assert set(query) == {"launch", "benefits", "ticket", "expires", "return", "signature"}
    assert "VIDEO-0" not in way.address
    for name in query:
        broken = query | {name: "1" + query[name][1:] if query[name][0] != "1" else "2" + query[name][1:]}
        with pytest.raises((PermissionError, ValueError)):
            await anyio.to_thread.run_sync(counter.provider.arrive, broken)
    await counter.go(way)


async def test_a_refund_before_the_ticket_is_spent_keeps_the_code_here(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    await counter.mark((await counter.one(li)).fulfilment_id, "refund_pending")
    with pytest.raises(PermissionError):
        await counter.go(way)
    assert counter.provider.booked == {}
    assert await counter.market.one("select count(*) from shop.card_reveal") == 0


async def test_several_benefits_go_one_way_and_the_account_is_bound_once(counter: Counter) -> None:
    li, ids = await owner_of(counter, 3)
    visit = await counter.go(await counter.launch(li, *ids[:2]))
    assert len(visit.activations) == 2
    assert visit.account is None
    await counter.decide(visit, "activated", {"ref": "acct-77", "label": "138****8000"})
    await counter.ask()
    assert [each.state for each in await counter.owned(li)] == ["ready", "activated", "activated"]
    third = await counter.go(await counter.launch(li, ids[2]))
    assert third.account == "acct-77"
    sealed = await dump(counter.shop, "provider_account")
    assert "acct-77" not in sealed
    assert "8000" not in sealed


async def test_a_waiting_benefit_is_not_activated_twice(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    await counter.go(await counter.launch(li, *ids))
    with pytest.raises(ActivationUnderWayError):
        await counter.launch(li, *ids)


async def test_only_an_owners_benefits_of_one_working_provider_can_go(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    eve, hers = await owner_with(counter, "eve")
    with pytest.raises(NotFoundError):
        await counter.launch(eve, *ids)
    async with writing(counter.shop.engine) as session:
        vault, address = counter.shop.vault, "https://other.test/a"
        await providers.add(session, vault, NewProvider("other", "另一家", "Other", address, address))
        await providers.assign(session, await providers.product_id(session, "s-eve"), "other")
    sku = await counter.goods("THIRD")
    await counter.at_provider(sku)
    await counter.buy(eve, sku)
    await counter.sweep()
    with pytest.raises(SeveralProvidersError):
        await counter.launch(eve, *[each.id for each in await counter.owned(eve)])
    async with writing(counter.shop.engine) as session:
        await providers.pause(session, "demo", True)
    with pytest.raises(NotActivatableError):
        await counter.launch(li, *ids)
    assert (await counter.launch(eve, hers)).provider_name_en == "Other"


async def test_silence_leaves_it_unknown_until_a_question_proves_otherwise(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    counter.provider.plan = Plan(silence=1)
    visit = await counter.go(await counter.launch(li, *ids))
    await counter.decide(visit, "activated")
    for answers in ("none", "unsigned"):
        counter.provider.answers = answers
        await counter.ask()
        assert (await counter.one(li)).is_waiting
    counter.provider.answers = "true"
    with clock.at(clock.now() + timedelta(days=1)):
        await jobs.follow(counter.shop)
        assert await state_of(counter, li) == "activated"
    outcomes = "select outcome, count(*) from shop.external_call where target = 'provider:demo' group by 1"
    assert dict(await counter.market.rows(outcomes)) == {"unknown": 2, "succeeded": 1}


async def test_a_provider_that_never_heard_of_it_has_failed_only_after_a_while(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    visit = await counter.go(await counter.launch(li, *ids))
    booked = counter.provider.booked.pop(visit.activations[0])
    await counter.ask()
    assert (await counter.one(li)).is_waiting
    with clock.at(clock.now() + timedelta(minutes=11)):
        await counter.ask()
        assert (await counter.one(li)).attempt == "failed"
        assert (await counter.one(li)).is_activatable
    counter.provider.booked[visit.activations[0]] = booked
    with clock.at(clock.now() + timedelta(minutes=12)):
        await counter.decide(visit, "activated")
        await counter.ask()
    assert await state_of(counter, li) == "activated", "late success is believed"


async def test_messages_are_judged_and_kept_sealed(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    visit = await counter.go(await counter.launch(li, *ids))
    row = counter.provider.booked[visit.activations[0]]

    async def tell(*given: Any) -> int:
        return await anyio.to_thread.run_sync(counter.provider.tell, row, *given)

    assert await tell("forged") == 401
    assert await tell("stale") == 401
    assert await tell("none", "m-1") == 200
    assert await tell("none", "m-1") == 200
    assert await tell("wrong_state") == 200
    row.activation = str(uuid4())
    assert await tell() == 404
    assert await counter.verdicts() == [
        "bad_signature",
        "stale",
        "accepted",
        "duplicate",
        "accepted",
        "unknown_activation",
    ]
    assert "activation.changed" not in await dump(counter.shop, "provider_event")
    await counter.ask()
    assert (await counter.one(li)).is_waiting, "the lie changed nothing: the provider's books say pending"


async def test_a_misbehaving_provider_never_makes_a_state_that_it_does_not_confirm(
    counter: Counter, full_counts: bool
) -> None:
    """At every step a benefit shows what the provider's own books said at some time, and at last what they say."""
    rounds = 60 if full_counts else 5
    sku, li = await counter.goods("VIDEO", rounds), await counter.market.customer("li")
    await counter.at_provider(sku)
    counter.provider.plan = Plan(seed=7, silence=0.2, duplicates=0.4, forgeries=0.4, lies=0.5, disorder=0.4)
    said: dict[str, set[str]] = {}
    for number in range(rounds):
        await counter.buy(li, sku)
        await counter.sweep()
        fresh = [each.id for each in await counter.owned(li) if each.is_activatable]
        visit = await counter.go(await counter.launch(li, *fresh[:1]))
        [activation] = visit.activations
        said[counter.provider.booked[activation].benefit] = {"ready", "revealed"}
        for state in [["activated"], ["failed"], ["activated", "used"], ["activated", "cancelled"]][number % 4]:
            await counter.decide(visit, state)
            said[counter.provider.booked[activation].benefit].add(state)
            if number % 3:
                await counter.ask()
            for benefit in await counter.owned(li):
                assert benefit.state in said[str(benefit.id)]
    await anyio.to_thread.run_sync(counter.provider.flush)
    await counter.ask()
    shown = {str(each.id): each.state for each in await counter.owned(li)}
    for booked in counter.provider.booked.values():
        confirmed = booked.state if booked.state in ("activated", "used") else "revealed"
        assert shown[booked.benefit] == confirmed
    assert 401 in counter.provider.statuses
    assert {"duplicate", "accepted", "bad_signature"} <= set(await counter.verdicts())


async def test_an_answer_that_was_overtaken_changes_nothing(counter: Counter) -> None:
    li, ids = await owner_of(counter)
    visit = await counter.go(await counter.launch(li, *ids))
    await counter.decide(visit, "activated")
    await counter.decide(visit, "used")
    await counter.ask()
    booked = counter.provider.booked[visit.activations[0]]
    booked.state, booked.version = "activated", 1
    await counter.ask()
    assert await state_of(counter, li) == "used"


async def test_no_code_is_in_an_address_a_log_or_the_database_in_clear(
    counter: Counter, fresh_database: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    li, ids = await owner_of(counter)
    way = await counter.launch(li, *ids)
    ticket = dict(parse_qsl(urlsplit(way.address).query))["ticket"]
    await counter.go(way)
    [booked] = counter.provider.booked.values()
    assert booked.code is not None
    everything = await all_text(fresh_database)
    for secret in (booked.code, ticket, signing.secret_text(SECRET)):
        assert secret not in everything
        assert secret not in caplog.text
    assert SECRET.hex() not in everything
