"""A customer's limits and pauses for draws; draws at the desk."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert

from mingsuan import clock
from tests.transactional.api_ways.way import CUSTOMER
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.draws import open_draws
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, any_customer, asked, keyed, may
from transactional.accounts.models import Staff
from transactional.db import writing
from transactional.draws.chains import TEST
from transactional.draws.models import BeaconRound, Draw, DrawEntry, DrawWinner
from transactional.draws.play import switches

FORM = {
    "title_zh": "耳机",
    "title_en": "Headphones",
    "mode": "promotional",
    "profile": "mainland",
    "prize_name": "耳机",
    "prize_value": "999.00",
    "prize_kind": "hand",
    "winners": "1",
    "reserves": "3",
    "claim_days": "30",
    "capacity": "100",
    "delay_s": "600",
    "rules": "公布后不再更改。",
}


async def _limits(world: World) -> Sent:
    form = keyed(stake_day="100", stake_week="", stake_month="", loss_month="")
    return Sent(form=form, customer=await world.customer())


async def _pause(world: World) -> Sent:
    return Sent(form=keyed(kind="time_out", days="7", sure="yes"), customer=await world.customer())


async def _customer(world: World) -> Sent:
    form = keyed(country="GB", reason="passport seen")
    return Sent({"customer": (await world.customer()).public_id}, form)


async def _new(world: World) -> Sent:
    return Sent(form=keyed(**FORM, prize_item=new_name()))


async def _draft(world: World) -> Sent:
    draft = Draw(
        title_zh="耳机",
        title_en="Headphones",
        mode="promotional",
        prize_item=new_name(),
        prize_name="耳机",
        prize_value_fen=99_900,
        prize_kind="hand",
        capacity=100,
        delay_s=600,
        chain_hash=TEST.hash,
        rules="公布后不再更改。",
    )
    async with writing(world.till.shop.engine) as session:
        session.add(draft)
    return Sent({"draw": draft.public_id}, keyed(**FORM, prize_item=new_name()))


async def _plain_draft(world: World) -> Sent:
    return Sent((await _draft(world)).names, keyed())


async def _open(world: World) -> Sent:
    draw = await open_draws.open_draw(world.till.stocked)
    return Sent({"draw": draw.public_id}, keyed(words="The prize was stolen.", count="2"))


async def _winner(world: World, state: str = "claimed") -> Sent:
    """Of a decided draw whose prize is handed over by hand."""
    different = {"state": "decided", "prize_kind": "hand", "next_index": 1, "free_count": 1}
    draw = await open_draws.open_draw(world.till.stocked, **different)
    customer, at = await world.customer(), clock.now()
    async with writing(world.till.shop.engine) as session:
        entry = DrawEntry(
            draw_id=draw.id,
            customer_id=customer.id,
            first_index=0,
            count=1,
            kind="free",
            source="checkin",
            nonce=bytes(32),
            user_ref=bytes(32),
            accepted_second=int(at.timestamp()),
        )
        session.add(entry)
        await session.flush()
        about = {"draw_id": draw.id, "place": 0, "entry_index": 0, "entry_id": entry.id, "customer_id": customer.id}
        winner = DrawWinner(**about, state=state, claim_until=at - timedelta(minutes=1))
        session.add(winner)
    return Sent({"draw": draw.public_id, "winner": winner.public_id}, keyed(cost="800.00", words="Nobody came."))


async def _unclaimed(world: World) -> Sent:
    """The claim days are over, and a round that appeared since is known."""
    sent = await _winner(world, "notified")
    newest = TEST.pace.round_at(int(clock.now().timestamp()))
    values = {"chain_hash": TEST.hash, "round_no": newest, "signature": bytes(48), "relay": "test"}
    async with writing(world.till.shop.engine) as session:
        await session.execute(insert(BeaconRound).values(values).on_conflict_do_nothing())
    return sent


async def _opinion(world: World) -> Sent:
    terms = {"profile": "great_britain", "mode": "paid", "counsel": "Smith LLP", "summary": "With a free route."}
    days = {"given_on": "2026-01-02", "valid_until": "2036-01-02"}
    return Sent(form=keyed(**terms, **days, document_sha256="ab" * 32))


async def _mode(world: World) -> Sent:
    """Staff who have been here for long enough."""
    async with writing(world.till.shop.engine) as session:
        await session.execute(text("update shop.staff set created_at = now() - interval '30 days'"))
    return Sent(form=keyed(profile="mainland", mode="refundable"))


async def _request(world: World) -> Sent:
    """For a kind of draw to be switched on, by somebody who is neither the owner nor the auditor of the others."""
    await _mode(world)
    return Sent({"switch": await _asked(world)}, keyed())


async def _asked(world: World) -> UUID:
    at = clock.now()
    async with writing(world.till.shop.engine) as session:
        other = Staff(
            email=f"{new_name('o')}@example.com",
            display_name="Other",
            password_hash="x",
            role="owner",
            created_at=at.replace(year=at.year - 1),
        )
        session.add(other)
        await session.flush()
        await switches.off(session, "mainland", "refundable", other.id, at)
        return (await switches.ask(session, "mainland", "refundable", other.id, at)).public_id


WAYS: PageWays = {
    "GET /account/play": PageWay(CUSTOMER, any_customer),
    "POST /account/play/limits": PageWay(CUSTOMER, _limits),
    "POST /account/play/pauses": PageWay(CUSTOMER, _pause),
    "GET /desk/customers/{customer}/play": PageWay(may("see_customers"), _customer),
    "POST /desk/customers/{customer}/play/country": PageWay(may("decide_identity"), _customer),
    "GET /desk/draws": PageWay(may("see_draws"), asked(state="open")),
    "GET /desk/draws/new": PageWay(may("manage_draws"), asked()),
    "POST /desk/draws/new": PageWay(may("manage_draws"), _new),
    "GET /desk/draws/{draw}": PageWay(may("see_draws"), _winner),
    "GET /desk/draws/{draw}/edit": PageWay(may("manage_draws"), _draft),
    "POST /desk/draws/{draw}/edit": PageWay(may("manage_draws"), _draft),
    "POST /desk/draws/{draw}/open": PageWay(may("manage_draws"), _plain_draft),
    "POST /desk/draws/{draw}/discard": PageWay(may("manage_draws"), _plain_draft),
    "POST /desk/draws/{draw}/void": PageWay(may("void_draws"), _open),
    "POST /desk/draws/{draw}/house": PageWay(may("manage_draws"), _open),
    "GET /desk/draws/{draw}/winners/{winner}": PageWay(may("deliver_prizes"), _winner),
    "POST /desk/draws/{draw}/winners/{winner}/deliver": PageWay(may("deliver_prizes"), _winner),
    "POST /desk/draws/{draw}/winners/{winner}/forfeit": PageWay(may("deliver_prizes"), _unclaimed),
    "GET /desk/draws/modes": PageWay(may("see_draws"), asked()),
    "POST /desk/draws/modes/opinions": PageWay(may("record_opinions"), _opinion),
    "POST /desk/draws/modes/ask": PageWay(may("switch_modes"), _mode),
    "POST /desk/draws/modes/off": PageWay(may("switch_modes"), _mode),
    "POST /desk/draws/modes/{switch}/confirm": PageWay(may("switch_modes"), _request),
    "POST /desk/draws/modes/{switch}/withdraw": PageWay(may("switch_modes"), _request),
}
