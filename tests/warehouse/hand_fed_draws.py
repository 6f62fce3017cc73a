"""Draws for a warehouse fed by hand: rows as the shop would have written them, and the bundles that it would show."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from mingsuan.settings import Settings
from tests.draws.worlds import Plan, Story, decided, policy
from tests.pipelines.audited_draws import booked, instant
from tests.warehouse.hand_fed import Shop, noon
from transactional.canonical_json import canonical
from transactional.draws.ticket_file import folder_of
from transactional.ledger.other_rules import draw_decided, prize_handed_over, stake_returned, stake_taken

PRICE_FEN = 100
PLAYERS = (1, 2)
FREE = ("free", "free", "house", "free")
PAID = ("paid", "paid", "house", "free")


@dataclass
class Hall:
    """Where draws are held: the books, and the folder that everybody may read."""

    shop: Shop
    connection: duckdb.DuckDBPyConnection
    public_dir: Path

    def begin(self) -> None:
        """The log names its keys."""
        file = self.public_dir / "log" / "policy.json"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(canonical(policy()))

    def hold(self, story: Story, state: str) -> None:
        """The draw with its entries and their stakes; a decided one with winners, reserves and its round."""
        plan, at = story.plan, instant(story.plan.opened_at)
        said = {
            "title_zh": "抽奖",
            "title_en": "Draw",
            "profile": "elsewhere",
            "prize_name": "奖品",
            "prize_kind": "hand",
        }
        terms = {"prize_item": f"item-{plan.number}", "prize_value_fen": 5_000, "created_at": at, "opened_at": at}
        price = {"price_fen": 0 if plan.mode == "promotional" else PRICE_FEN}
        promised = {"winners": plan.winners, "reserves": plan.reserves, "claim_days": plan.claim_days}
        self._insert("draw", booked(story, state) | said | terms | price | promised)
        for place, accepted in enumerate(story.ranges):
            self._enter(plan, place, accepted.first, accepted.count, accepted.kind, accepted.at)
        if state == "decided":
            self._decide(story)

    def show(self, story: Story) -> None:
        """The public bundle."""
        path = folder_of(self.public_dir, story.plan.draw_id) / "bundle-9-aa-1.zip"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(story.case().bundle)

    def earn(self, story: Story) -> None:
        """All stakes of a draw are income, as in the paid mode."""
        for number, _, fen in self._stakes(story):
            self._insert("stake_end", {"id": number, "entry_id": number, "outcome": "income", "amount_fen": fen})
        total = sum(fen for _, _, fen in self._stakes(story))
        self.shop.post(draw_decided(story.plan.number, total, instant(story.at)))

    def give_back(self, story: Story) -> None:
        """All stakes of a draw go back to the wallets."""
        for number, customer, fen in self._stakes(story):
            self._insert("stake_end", {"id": number, "entry_id": number, "outcome": "returned", "amount_fen": fen})
            self.shop.post(stake_returned(number, customer, fen, instant(story.at)))

    def hand_over(self, story: Story, place: int, cost_fen: int) -> None:
        """A winner got the prize."""
        number = story.plan.number * 1_000 + place
        delivered = (
            "update raw_current.draw_winner set state = 'delivered', cost_fen = ?, delivered_at = ? where id = ?"
        )
        self.connection.execute(delivered, [cost_fen, instant(story.at), number])
        self.shop.post(prize_handed_over(number, cost_fen, False, instant(story.at)))

    def _enter(self, plan: Plan, place: int, first: int, count: int, kind: str, second: int) -> None:
        number, customer = plan.number * 1_000 + place, None if kind == "house" else PLAYERS[place % 2]
        stake_fen = count * PRICE_FEN if kind == "paid" else 0
        source = {"free": "free_route", "paid": "stake", "house": "house"}[kind]
        whose = {"id": number, "public_id": _key("e", number), "draw_id": plan.number, "customer_id": customer}
        what = {"first_index": first, "count": count, "kind": kind, "source": source, "stake_fen": stake_fen}
        self._insert("draw_entry", {**whose, **what, "accepted_second": second})
        if stake_fen and customer is not None:
            self.shop.post(stake_taken(number, customer, "wallet", stake_fen, instant(second)))

    def _decide(self, story: Story) -> None:
        draw, at = story.plan.number, instant(story.at)
        for place, index in enumerate(story.winners()):
            entry = draw * 1_000 + story.ranges.index(story.range_of(index))
            is_house = story.range_of(index).kind == "house"
            number = draw * 1_000 + place
            won = {"id": number, "public_id": _key("w", number), "draw_id": draw, "place": place, "entry_index": index}
            state = {"state": "delivered" if is_house else "notified", "claim_until": at, "created_at": at}
            self._insert("draw_winner", {**won, **state, "entry_id": entry})
        for place, index in enumerate(story.reserves()):
            row = {"id": draw * 1_000 + place, "draw_id": draw, "place": place, "entry_index": index, "created_at": at}
            self._insert("draw_reserve", row)
        kept = {"chain_hash": story.plan.chain.hash, "round_no": story.committed.round_no, "relay": "one"}
        self._insert("beacon_round", {"id": draw, **kept, "signature": story.signature, "created_at": at})

    def _stakes(self, story: Story) -> list[tuple[int, int, int]]:
        """Rows of entries, whose, and how much."""
        return self.connection.execute(
            "select id, customer_id, stake_fen from raw_current.draw_entry where draw_id = ? and stake_fen > 0",
            [story.plan.number],
        ).fetchall()

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(row))
        self.connection.execute(f"insert into raw_current.{table} ({', '.join(row)}) values ({marks})", [*row.values()])


def _key(kind: str, number: int) -> str:
    """A public id."""
    return f"00000000-0000-7000-8000-{ord(kind):02x}{number:010x}"


def plan(number: int, day: int, **terms: Any) -> Plan:
    """A draw that opens at noon of a day of the hand-fed shop."""
    return Plan(number=number, opened_at=int(noon(day).timestamp()), **terms)


def one_without_a_verdict(shop: Shop, connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """A paid draw that was won and earned, one whose published result was forged, and one whose bundle is not there."""
    hall = Hall(shop, connection, settings.public_dir)
    hall.begin()
    paid = decided(plan(1, 3, mode="paid", kinds=PAID))
    hall.hold(paid, "decided")
    hall.show(paid)
    hall.earn(paid)
    hall.hand_over(paid, 0, 3_000)
    forged = Story(plan(2, 5, kinds=FREE)).open().sell().commit()
    forged.decide(lambda says: {**says, "winners": says["winners"][::-1]})
    hall.hold(forged, "decided")
    hall.show(forged)
    hall.hold(decided(plan(3, 6, kinds=FREE)), "decided")


def earning_nothing(shop: Shop, connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Three draws that move no profit: one decided that gave nothing away yet, one with stakes that stand, one void."""
    hall = Hall(shop, connection, settings.public_dir)
    hall.begin()
    first = decided(plan(1, 3, kinds=FREE))
    hall.hold(first, "decided")
    hall.show(first)
    hall.hold(Story(plan(2, 5, mode="refundable", kinds=PAID, capacity=100)).open().sell(20), "open")
    third = Story(plan(3, 6, mode="refundable", kinds=PAID)).open().sell(12).void()
    hall.hold(third, "void")
    hall.show(third)
    hall.give_back(third)
