"""A draw before it is opened: what staff write down, look at and change. What is promised at opening is `opening`'s."""

from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import select, text

from transactional.accounts.service import record_act
from transactional.db import ReadSession, WriteSession
from transactional.draws.chains import CHAINS
from transactional.draws.entry_rules import MOST_ENTRIES
from transactional.draws.errors import DrawMovedOnError, PrizeTakenError
from transactional.draws.models import Draw
from transactional.draws.states import DISCARDED, MODES, PRIZE_KINDS, PROFILE_NAMES
from transactional.errors import FieldProblem, InvalidInputError, NotFoundError

MOST_WINNERS = 300
MOST_RESERVES = 300
"""What a result says of so many winners and reserves still fits into one leaf of the log."""
MOST_CLAIM_DAYS = 365
MOST_TEXT = 200
MOST_RULES = 50_000
MOST_SENTENCE = 4_000
ONE_AT_A_TIME = text("select pg_advisory_xact_lock(hashtextextended('draw_prize:' || :prize, 0))")


@dataclass(frozen=True, slots=True)
class NewDraw:
    """What staff say of a draw. Fields are those of the table; `pack` is (12, 10) for 12 at the price of 10."""

    title_zh: str
    title_en: str
    mode: str
    prize_item: str
    prize_name: str
    prize_value_fen: int
    prize_kind: str
    delay_s: int
    chain_hash: str
    rules: str
    profile: str = "mainland"
    price_fen: int = 0
    pack: tuple[int, int] | None = None
    capacity: int = 0
    closes_at: datetime | None = None
    most_each: int | None = None
    winners: int = 1
    reserves: int = 3
    claim_days: int = 30
    free_rule: str = ""
    house_rule: str = ""


async def draft(session: WriteSession, new: NewDraw, staff_id: int | None) -> Draw:
    """Raises InvalidInputError, PrizeTakenError."""
    new = _checked(new)
    await _refuse_taken(session, new.prize_item, None)
    row = Draw(**_values(new), created_by=staff_id)
    session.add(row)
    await session.flush()
    await session.refresh(row)
    await record_act(session, staff_id, "draft_draw", f"draw:{row.public_id}", detail=_detail(new))
    return row


async def edit(session: WriteSession, draw_id: int, new: NewDraw, staff_id: int | None) -> Draw:
    """All of a draft anew. Raises InvalidInputError, PrizeTakenError, NotFoundError, DrawMovedOnError."""
    new = _checked(new)
    row = await locked(session, draw_id, "draft")
    await _refuse_taken(session, new.prize_item, row.id)
    for name, value in _values(new).items():
        setattr(row, name, value)
    await session.flush()
    await record_act(session, staff_id, "edit_draw", f"draw:{row.public_id}", detail=_detail(new))
    return row


async def discard(session: WriteSession, draw_id: int, staff_id: int | None) -> None:
    """A draft that nobody wants is shown no more, and its prize free for another. Raises as `edit` does."""
    row = await locked(session, draw_id, "draft")
    await record_act(session, staff_id, "discard_draw", f"draw:{row.public_id}", reason=row.title_zh)
    row.state = DISCARDED


async def locked(session: WriteSession, draw_id: int, *states: str) -> Draw:
    """The draw, nobody else's until the transaction ends. Raises NotFoundError, DrawMovedOnError in another state."""
    found = select(Draw).where(Draw.id == draw_id).with_for_update().execution_options(populate_existing=True)
    row = (await session.scalars(found)).one_or_none()
    if row is None or row.state == DISCARDED:
        raise NotFoundError
    if row.state not in states:
        raise DrawMovedOnError
    return row


def said_of(row: Draw) -> NewDraw:
    """What staff said of a draw, for the form that changes it."""
    fields = {name: getattr(row, name) for name in NewDraw.__slots__ if name != "pack"}
    pack = (row.pack_count, row.pack_price_count) if row.pack_count and row.pack_price_count else None
    return NewDraw(**fields, pack=pack)


def problems(new: NewDraw) -> tuple[FieldProblem, ...]:
    """Everything that keeps a draw from being written down; what the law of a place says is asked at opening."""
    wrong = [
        *_texts(new),
        *_numbers(new),
        *(FieldProblem(name, "This is not one of the choices.") for name in _not_a_choice(new)),
        *_ends(new),
    ]
    if new.mode in MODES and (new.price_fen > 0) == (new.mode == "promotional"):
        wrong.append(FieldProblem("price_fen", "Entries cost nothing in a promotional draw, and something in others."))
    if new.pack is not None and (new.price_fen <= 0 or not 0 < new.pack[1] < new.pack[0] <= 1000):
        wrong.append(FieldProblem("pack", "A pack holds more entries than it is paid for, 1,000 at most."))
    return tuple(wrong)


def _texts(new: NewDraw) -> list[FieldProblem]:
    short = ("title_zh", "title_en", "prize_item", "prize_name")
    wrong = [FieldProblem(name, "Must not be empty.") for name in (*short, "rules") if not getattr(new, name).strip()]
    lengths = dict.fromkeys(short, MOST_TEXT) | {"rules": MOST_RULES}
    lengths |= {"free_rule": MOST_SENTENCE, "house_rule": MOST_SENTENCE}
    for name, most in lengths.items():
        value = getattr(new, name)
        if len(value) > most:
            wrong.append(FieldProblem(name, "At most {count} characters.", (("count", most),)))
        elif "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
            wrong.append(FieldProblem(name, "Holds characters that cannot be stored."))
    return wrong


def _numbers(new: NewDraw) -> list[FieldProblem]:
    chain = CHAINS.get(new.chain_hash)
    bounds = {
        "prize_value_fen": (1, 10**12),
        "price_fen": (0, 10**9),
        "capacity": (0, MOST_ENTRIES),
        "winners": (1, MOST_WINNERS),
        "reserves": (0, MOST_RESERVES),
        "claim_days": (1, MOST_CLAIM_DAYS),
        "delay_s": (chain.least_delay_s, chain.most_delay_s) if chain else (0, 0),
        "most_each": (1, MOST_ENTRIES),
    }
    return [
        FieldProblem(name, "Must be from {least} to {most}.", (("least", least), ("most", most)))
        for name, (least, most) in bounds.items()
        if (value := getattr(new, name)) is not None and not least <= value <= most
    ]


def _not_a_choice(new: NewDraw) -> list[str]:
    choices = {
        "mode": MODES,
        "prize_kind": PRIZE_KINDS,
        "profile": PROFILE_NAMES,
        "chain_hash": tuple(CHAINS),
    }
    return [name for name, among in choices.items() if getattr(new, name) not in among]


def _ends(new: NewDraw) -> list[FieldProblem]:
    if new.capacity == 0 and new.closes_at is None:
        return [FieldProblem("closes_at", "A draw ends when it is full, at a time, or by whichever is first.")]
    if 0 < new.capacity < new.winners:
        return [FieldProblem("capacity", "There must be as many entries as winners.")]
    return []


def _checked(new: NewDraw) -> NewDraw:
    """With whole seconds, as the log has them. Raises InvalidInputError."""
    wrong = problems(new)
    if wrong:
        raise InvalidInputError(wrong)
    return replace(new, closes_at=new.closes_at.replace(microsecond=0) if new.closes_at else None)


def _values(new: NewDraw) -> dict[str, object]:
    values = {name: value for name, value in asdict(new).items() if name != "pack"}
    count, price_count = new.pack or (None, None)
    return values | {"pack_count": count, "pack_price_count": price_count}


def _detail(new: NewDraw) -> dict[str, str | int]:
    return {"prize": new.prize_item, "mode": new.mode, "winners": new.winners, "capacity": new.capacity}


async def _refuse_taken(session: ReadSession, prize_item: str, own_id: int | None) -> None:
    """Two at the same instant come one after the other."""
    await session.execute(ONE_AT_A_TIME, {"prize": prize_item})
    taken = select(Draw.title_zh).where(Draw.prize_item == prize_item, Draw.state.not_in(("void", DISCARDED)))
    found = taken.where(Draw.id != (own_id or 0))
    title = await session.scalar(found.limit(1))
    if title is not None:
        raise PrizeTakenError(title=title)
