"""A shop whose draws live under a clock of their own, with a simulated beacon and a simulated witness."""

import contextlib
import dataclasses
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx

from mingsuan import clock, draw_verifier
from simulation.beacon import Relay, create_app
from simulation.witness import Witness
from tests.transactional.draws.log.witnesses import keeper_in, serving, witness_in
from tests.transactional.small_shop import Stocked
from transactional.accounts.models import Staff
from transactional.accounts.schemas import CustomerSubject
from transactional.canonical_json import canonical
from transactional.db import reading, writing
from transactional.draws import service
from transactional.draws.beacon import Beacon
from transactional.draws.chains import TEST
from transactional.draws.drafts import NewDraw
from transactional.draws.log import published
from transactional.draws.log import service as log
from transactional.draws.log.keeper import Keeper
from transactional.draws.models import Draw, DrawChance, DrawWinner
from transactional.ledger import control_accounts
from transactional.ledger import service as ledger
from transactional.shop import Shop

T0 = int(datetime(2026, 6, 1, tzinfo=UTC).timestamp())
DELAY_S = 300


def new_draw(**different: Any) -> NewDraw:
    """A promotional draw of ten entries with two winners, and what is said otherwise."""
    said: dict[str, Any] = {
        "title_zh": "端午抽奖",
        "title_en": "Dragon Boat draw",
        "mode": "promotional",
        "prize_item": f"item-{uuid4().hex}",
        "prize_name": "Phone",
        "prize_value_fen": 500_000,
        "prize_kind": "code",
        "delay_s": DELAY_S,
        "chain_hash": TEST.hash,
        "rules": "两名中奖者。Two winners.",
        "capacity": 10,
        "winners": 2,
        "reserves": 3,
        "claim_days": 7,
        "free_rule": "One entry a day, for nothing.",
        "house_rule": "The shop may enter; it is never a reserve.",
    }
    return NewDraw(**{**said, **different})


@dataclass
class World:
    """`second` is the present instant, in seconds since 1970."""

    stocked: Stocked
    relay: Relay
    witness: Witness
    keeper: Keeper
    staff_id: int
    second: int = T0
    keys: int = field(default=0)

    @property
    def shop(self) -> Shop:
        return self.stocked.shop

    @contextlib.contextmanager
    def now(self) -> Any:
        with clock.at(datetime.fromtimestamp(self.second, UTC)):
            yield

    def at(self) -> datetime:
        return datetime.fromtimestamp(self.second, UTC)

    async def opened(self, **different: Any) -> Draw:
        """A draw that takes entries, its opening in the log."""
        with self.now():
            async with writing(self.shop.engine) as session:
                drafted = await service.draft(session, new_draw(**different), self.staff_id)
                draw = await service.open_draw(session, drafted.id, self.staff_id, self.at(), is_trial=True)
        await self.sequenced()
        return draw

    async def enters(self, draw: Draw, who: CustomerSubject, count: int, pay: Any = "chances") -> None:
        """In this second; chances that are missing are granted."""
        self.keys += 1
        if pay == "chances":
            row = {"source": "checkin", "reference": uuid4().hex, "granted": count}
            async with writing(self.shop.engine) as session:
                session.add(DrawChance(customer_id=who.id, **row))
        with self.now():
            await self.shop.entering.enter(who.id, draw.public_id, count, f"key {self.keys}", pay=pay)

    async def decided(self, who: CustomerSubject, count: int = 10, pay: Any = "chances", **different: Any) -> Draw:
        """A draw that one person fills, and that is decided as soon as it can be."""
        draw = await self.opened(**different)
        await self.enters(draw, who, count, pay)
        await self.sequenced()
        await self.stepped(draw)
        await self.sequenced()
        await self.wait_for_round(draw)
        assert await self.stepped(draw) in ("decided", "finished")
        await self.sequenced()
        return draw

    async def sequenced(self) -> None:
        """The next second, in which the log takes all that waits."""
        self.second += 1
        with self.now():
            await log.sequence(self.shop.engine, self.keeper)

    async def stepped(self, draw: Draw) -> str:
        """What the worker does for the draw now; its state then."""
        with self.now():
            state = await service.step(self.shop, draw.id)
            return await service.step(self.shop, draw.id) if await service.settle(self.shop, draw.id) else state

    async def shown(self, draw: Draw) -> str:
        return service.state_shown(await self.row(draw), self.at())

    async def row(self, draw: Draw) -> Draw:
        async with reading(self.shop.engine) as session:
            return await session.get_one(Draw, draw.id)

    async def winners(self, draw: Draw) -> list[DrawWinner]:
        """All, in the order in which they won."""
        rows = await self.stocked.rows("select id from shop.draw_winner where draw_id = :id order by id", id=draw.id)
        async with reading(self.shop.engine) as session:
            return [await session.get_one(DrawWinner, row[0]) for row in rows]

    async def wait_for_round(self, draw: Draw) -> None:
        """To the second in which the deciding round appears."""
        round_at = (await self.row(draw)).round_at
        assert round_at is not None
        self.second = int(round_at.timestamp())

    async def verdict(self, draw: Draw, policy: dict[str, object] | None = None) -> draw_verifier.Outcome:
        """What the verifier says of the draw's bundle, now."""
        public = self.shop.settings.public_dir
        async with reading(self.shop.engine) as session:
            path = await service.bundles.write(session, self.keeper, public, draw.id)
        pinned = public / "policy.json"
        pinned.write_text(json.dumps(policy or log.policy(self.keeper)))
        return draw_verifier.verify_files(path, pinned, now=self.second)

    def show_keys(self) -> None:
        """Beside the public log, as the worker does: the warehouse's audit pins them."""
        keeper = dataclasses.replace(self.keeper, folder=self.shop.settings.log_dir)
        published.show_policy(keeper, canonical(log.policy(keeper)))

    async def balances(self) -> dict[str, int]:
        """What accounts stand at, once the books are found whole and balanced."""
        async with reading(self.shop.engine) as session:
            found = {each.code: each.balance_fen for each in await ledger.trial_balance(session)}
            assert (await ledger.check(session)).is_whole
            assert await control_accounts.findings(session) == []
        assert sum(found.values()) == 0
        return found

    def passes(self, **time: float) -> None:
        self.second += int(timedelta(**time).total_seconds())


@contextlib.asynccontextmanager
async def world(stocked: Stocked) -> AsyncIterator[World]:
    """Witnesses are asked over real sockets; the beacon answers in this process."""
    folder = stocked.shop.settings.var
    witness, relay = witness_in(folder), Relay()
    transport = httpx.ASGITransport(create_app(relay))
    beacon = Beacon(TEST, ["http://beacon"], transport=transport)
    shop = dataclasses.replace(stocked.shop, beacons={TEST.hash: beacon})
    async with writing(shop.engine) as session:
        staff = Staff(email="desk@example.com", display_name="Desk", role="owner", password_hash="-")
        session.add(staff)
    async with serving(witness) as known:
        made = World(Stocked(shop, stocked.sku), relay, witness, keeper_in(folder, *known), staff.id)
        witness.now = relay.now = lambda: made.second
        yield made
    await beacon.aclose()
