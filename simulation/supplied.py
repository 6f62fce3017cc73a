"""Buys what simulated customers ordered from suppliers, in the order of time and by the shop's own rules of routing."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import cache, partial
from heapq import heappop, heappush
from random import Random

from mingsuan.clock import business_date
from simulation.supplied_law import CHANNELS, CURRENCY, VENDOR_OF, VENDORS, ChannelLaw
from simulation.supplied_luck import Fate, at_the_desk, fate
from simulation.supplied_records import PlannedDecision, PlannedPurchase, Supplied, Want
from simulation.supplied_returns import Returns
from simulation.supplied_till import Till
from transactional.payments.numbers import ALPHABET, RANDOM_SIGNS
from transactional.suppliers.offers.rate_rules import own_rate, to_fen
from transactional.suppliers.purchases.rules import EXCLUDED_FOR, try_at
from transactional.suppliers.routing.effective_cost import Prices
from transactional.suppliers.routing.estimate_rules import Outcome, believed, fresh, learned
from transactional.suppliers.routing.records import Inputs
from transactional.suppliers.routing.rules import choose
from transactional.suppliers.routing.terms import PRICED, Candidate, Choice, Situation

PRICES = Prices()
SENT_AFTER = timedelta(seconds=0.1)
TRIED_AGAIN_AFTER = timedelta(seconds=0.4)
PATIENCE = timedelta(seconds=15)
MOST_HURRIED = 3


@cache
def _fen(unit_cost: Decimal, rate: Decimal) -> int:
    return to_fen(unit_cost, rate * own_rate(CURRENCY))


class Buying:
    """One history's purchases. Nothing happens after `end`, the last instant of the history."""

    def __init__(self, rng: Random, supplied: Supplied, till: Till, zone: tzinfo, end: datetime) -> None:
        self._rng = rng
        self._made = supplied
        self._till = till
        self._zone = zone
        self._end = end
        self._queue: list[tuple[datetime, int, Callable[[datetime], None]]] = []
        self._planned = 0
        self._returns = Returns(rng, supplied, till, end, self._at, self._learn)
        self._offers_of: dict[int, list[int]] = {}
        for place, offer in enumerate(supplied.offers):
            self._offers_of.setdefault(offer.sku, []).append(place)

    def buy(self, wants: Sequence[Want], opened_at: datetime) -> None:
        """Fills the record that it was given."""
        self._made.evidence = [fresh(opened_at) for _ in CHANNELS]
        for vendor in VENDORS:
            if vendor.is_prepaid:
                self._till.top_up(vendor, opened_at)
        for want in wants:
            self._at(want.paid_at + timedelta(seconds=self._rng.uniform(0.3, 1.5)), partial(self._try, want, False))
        while self._queue and self._queue[0][0] <= self._end:
            at, _, act = heappop(self._queue)
            act(at)
        self._made.payments = self._till.payments

    def _at(self, at: datetime, act: Callable[[datetime], None]) -> None:
        self._planned += 1
        heappush(self._queue, (at, self._planned, act))

    def _learn(self, channel: int, outcome: Outcome) -> None:
        self._made.evidence[channel] = learned(self._made.evidence[channel], outcome)

    def _try(self, want: Want, override: bool, at: datetime) -> None:
        choice = self._decided(want, override, at)
        if choice.chosen is None:
            self._hold(want, choice, at)
            return
        self._send(want, choice.chosen, at)

    def _decided(self, want: Want, override: bool, at: datetime) -> Choice:
        newest = max(place for place, one in enumerate(self._made.policies) if one.at <= at)
        policy = self._made.policies[newest].policy
        local = at.astimezone(self._zone)
        without = tuple(sorted(self._tried(want, at)))
        seed = f"purchase:{want.sku}:{want.unit}:{without}:{at.isoformat()}"
        minute = local.hour * 60 + local.minute
        situation = Situation("purchase", 1, want.net_fen, minute, seed, without, override)
        choice = choose(self._candidates(want.sku, at), policy, situation, PRICES)
        inputs = Inputs(policy, situation, PRICES)
        self._made.decisions.append(PlannedDecision(want.unit, at, newest, inputs, choice))
        return choice

    def _tried(self, want: Want, at: datetime) -> Iterable[int]:
        """As `purchases.claiming`: what failed just now, and what was never answered."""
        for place in want.attempts:
            one = self._made.purchases[place]
            if one.state == "written_off" or (one.ended_at and at - one.ended_at < EXCLUDED_FOR):
                yield one.channel

    def _candidates(self, sku: int, at: datetime) -> list[Candidate]:
        day = business_date(at, self._zone)
        return [self._candidate(place, day, at) for place in self._offers_of[sku]]

    def _candidate(self, place: int, day: date, at: datetime) -> Candidate:
        offer = self._made.offers[place]
        law = CHANNELS[offer.channel]
        unit_cost, rate = offer.unit_cost(at), self._made.rates.on(offer.currency, day)
        return Candidate(
            offer_id=place,
            channel_id=offer.channel,
            channel=law.title,
            protocol=law.protocol,
            unit_cost=unit_cost,
            currency=offer.currency,
            exchange_rate=rate,
            cost_fen=_fen(unit_cost, rate),
            stock=None,
            prepaid_fen=self._till.balance_fen(VENDOR_OF[law.code]),
            belief=believed(self._made.evidence[offer.channel], at),
        )

    def _hold(self, want: Want, choice: Choice, at: datetime) -> None:
        """Too dear: an owner says yes, sooner or later. Nobody there: tried again by itself."""
        want.times_held += 1
        is_dear = any(PRICED & set(each.refusals) for each in choice.judged)
        if not is_dear:
            self._at(try_at(want.times_held, at), partial(self._try, want, False))
        elif want.refunded_at:
            self._at(at + timedelta(seconds=self._rng.uniform(20, 60)), partial(self._try, want, True))
        else:
            self._at(at_the_desk(self._rng, at, self._zone), partial(self._try, want, True))

    def _send(self, want: Want, chosen: Candidate, at: datetime) -> None:
        law = CHANNELS[chosen.channel_id]
        vendor = VENDOR_OF[law.code]
        destiny = self._fate(want, law)
        cost_fen = chosen.cost_fen or 0
        purchase = PlannedPurchase(
            unit=want.unit,
            attempt_no=len(want.attempts) + 1,
            before=want.attempts[-1] if want.attempts else None,
            decision=len(self._made.decisions) - 1,
            offer=chosen.offer_id,
            channel=chosen.channel_id,
            at=at,
            submitted_at=at + SENT_AFTER,
            unit_cost=self._made.offers[chosen.offer_id].unit_cost(at),
            currency=chosen.currency,
            exchange_rate=chosen.exchange_rate,
            set_aside_fen=cost_fen,
            prepaid=vendor.is_prepaid,
            request_no=self._number(at),
            is_answered=destiny.is_answered,
            state="processing" if destiny.is_answered else "unknown",
            cost_fen=cost_fen,
        )
        place = len(self._made.purchases)
        self._made.purchases.append(purchase)
        want.attempts.append(place)
        self._till.move(vendor, -cost_fen)
        if arrives := self._till.due(vendor, at):
            self._at(arrives, partial(self._till.top_up, vendor))
        if not destiny.is_answered:
            silence = Outcome("unknown", purchase.submitted_at + PATIENCE)
            self._at(silence.at, lambda _: self._learn(purchase.channel, silence))
        ends_at = purchase.submitted_at + timedelta(seconds=destiny.seconds)
        self._at(self._found_at(destiny, ends_at), partial(self._end_of, want, place, destiny))

    def _fate(self, want: Want, law: ChannelLaw) -> Fate:
        """What is given back later was delivered in time."""
        hurried = want.refunded_at is not None
        destiny = fate(self._rng, law, hurried)
        return Fate(True, "succeeded", law.good_s) if hurried and len(want.attempts) >= MOST_HURRIED else destiny

    def _found_at(self, destiny: Fate, at: datetime) -> datetime:
        return at_the_desk(self._rng, at, self._zone) if destiny.end == "written_off" else at

    def _end_of(self, want: Want, place: int, destiny: Fate, at: datetime) -> None:
        purchase = self._made.purchases[place]
        law = CHANNELS[purchase.channel]
        purchase.state, purchase.ended_at = destiny.end, at
        seconds = purchase.seconds or 0.0
        lag_s = seconds if destiny.end == "failed" else None
        if destiny.end == "succeeded" and purchase.currency == CURRENCY:
            purchase.cost_fen += purchase.set_aside_fen * destiny.cost_permille // 1000
        self._learn(purchase.channel, Outcome(destiny.end, at, seconds, purchase.cost_fen, False, lag_s))
        vendor = VENDOR_OF[law.code]
        if destiny.end == "succeeded":
            self._till.move(vendor, purchase.set_aside_fen - purchase.cost_fen)
            self._returns.perhaps_bad(place, want.refunded_at)
            return
        if destiny.end == "failed":
            self._till.move(vendor, purchase.cost_fen)
        elif destiny.after:
            self._returns.later(place, destiny)
        self._at(at + TRIED_AGAIN_AFTER, partial(self._try, want, False))

    def _number(self, at: datetime) -> str:
        """As `payments.numbers` writes it."""
        return f"P{business_date(at, self._zone):%Y%m%d}" + "".join(self._rng.choices(ALPHABET, k=RANDOM_SIGNS))
