"""Draws, their entries, the log that nobody can rewrite, winners, and the limits that players and the law set."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from transactional.db import Numbered, Public
from transactional.draws.states import (
    DISCARDED,
    DRAW_STATES,
    EARNED,
    HOLD_STATES,
    KINDS,
    LEAVES,
    LIMITS,
    MODES,
    ONCE_A_DRAW,
    PAUSES,
    PRIZE_KINDS,
    PROFILE_NAMES,
    SOURCES,
    STAKE_ENDS,
    VOID_REASONS,
    WINNER_STATES,
)

NOT_FREED = text("state not in ('void', 'discarded')")
"""Of draws whose prize is free for no other."""


class Draw(Public):
    """One row per draw. `number` is given at opening, without gaps. Once opened, what the opening leaf says is fixed.

    `capacity` 0 means no limit, `next_index` is how many entries were accepted, `last_second` when the last was.
    `returned_at`: stakes began to go back because the result was late. `settled_at`: no stake of its is nobody's.
    """

    __tablename__ = "draw"
    __table_args__ = (
        CheckConstraint(f"state in {(*DRAW_STATES, DISCARDED)!r}", name="state"),
        CheckConstraint(f"mode in {MODES!r}", name="mode"),
        CheckConstraint(f"profile in {PROFILE_NAMES!r}", name="profile"),
        CheckConstraint(f"prize_kind in {PRIZE_KINDS!r}", name="prize_kind"),
        CheckConstraint(f"void_reason in {VOID_REASONS!r}", name="void_reason"),
        CheckConstraint("(state in ('draft', 'discarded')) = (number is null)", name="numbered"),
        CheckConstraint("(state = 'void') = (void_reason is not null)", name="void_with_reason"),
        CheckConstraint("capacity between 0 and 10000000", name="capacity"),
        CheckConstraint("capacity > 0 or closes_at is not null", name="ends"),
        CheckConstraint("capacity = 0 or next_index <= capacity", name="not_oversold"),
        CheckConstraint("free_count + paid_count + house_count = next_index", name="counted"),
        CheckConstraint("price_fen >= 0 and (mode = 'promotional') = (price_fen = 0)", name="price"),
        CheckConstraint("winners between 1 and 1000 and reserves between 0 and 1000", name="winners"),
        CheckConstraint("prize_value_fen > 0", name="prize_value"),
        CheckConstraint("(pack_count is null) = (pack_price_count is null)", name="pack_whole"),
        CheckConstraint("pack_price_count between 1 and pack_count - 1", name="pack_cheaper"),
        Index("draw_prize_item_key", "prize_item", unique=True, postgresql_where=NOT_FREED),
        Index("draw_state_idx", "state"),
    )

    number: Mapped[int | None] = mapped_column(unique=True)
    state: Mapped[str] = mapped_column(Text, server_default="draft")
    title_zh: Mapped[str] = mapped_column(Text)
    title_en: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    profile: Mapped[str] = mapped_column(Text, server_default="mainland")
    prize_item: Mapped[str] = mapped_column(Text)
    prize_name: Mapped[str] = mapped_column(Text)
    prize_value_fen: Mapped[int]
    prize_kind: Mapped[str] = mapped_column(Text)
    price_fen: Mapped[int] = mapped_column(server_default="0")
    pack_count: Mapped[int | None]
    pack_price_count: Mapped[int | None]
    capacity: Mapped[int] = mapped_column(server_default="0")
    closes_at: Mapped[datetime | None]
    most_each: Mapped[int | None]
    winners: Mapped[int] = mapped_column(server_default="1")
    reserves: Mapped[int] = mapped_column(server_default="3")
    delay_s: Mapped[int]
    chain_hash: Mapped[str] = mapped_column(Text)
    claim_days: Mapped[int] = mapped_column(server_default="30")
    free_rule: Mapped[str] = mapped_column(Text, server_default="")
    house_rule: Mapped[str] = mapped_column(Text, server_default="")
    rules: Mapped[str] = mapped_column(Text)
    next_index: Mapped[int] = mapped_column(server_default="0")
    free_count: Mapped[int] = mapped_column(server_default="0")
    paid_count: Mapped[int] = mapped_column(server_default="0")
    house_count: Mapped[int] = mapped_column(server_default="0")
    last_second: Mapped[int | None]
    opened_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    committed_at: Mapped[datetime | None]
    round_no: Mapped[int | None]
    round_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]
    returned_at: Mapped[datetime | None]
    voided_at: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]
    void_reason: Mapped[str | None] = mapped_column(Text)
    void_words: Mapped[str | None] = mapped_column(Text)
    created_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    opened_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))


class DrawPlayer(Numbered):
    """One row per customer in a draw: the salt that hides who they are, and how many entries they have."""

    __tablename__ = "draw_player"
    __table_args__ = (
        UniqueConstraint("draw_id", "customer_id"),
        CheckConstraint("octet_length(salt) = 32 and octet_length(user_ref) = 32", name="lengths"),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    user_ref: Mapped[bytes] = mapped_column(LargeBinary)
    entries: Mapped[int] = mapped_column(server_default="0")


class DrawHold(Public):
    """One row per reservation of capacity; it holds no index and ends by time alone."""

    __tablename__ = "draw_hold"
    __table_args__ = (
        CheckConstraint(f"state in {HOLD_STATES!r}", name="state"),
        CheckConstraint("count > 0", name="count"),
        Index("draw_hold_live_idx", "draw_id", "until", postgresql_where=text("state = 'held'")),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    count: Mapped[int]
    until: Mapped[datetime]
    state: Mapped[str] = mapped_column(Text, server_default="held")


class DrawEntry(Public):
    """One row per accepted range of entries [first_index, first_index + count), all with one nonce.

    `customer_id` is null for the house. `stake_fen` is what was paid for the whole range.
    """

    __tablename__ = "draw_entry"
    __table_args__ = (
        UniqueConstraint("draw_id", "first_index"),
        CheckConstraint(f"kind in {KINDS!r}", name="kind"),
        CheckConstraint(f"source in {SOURCES!r}", name="source"),
        CheckConstraint("count > 0 and first_index >= 0", name="range"),
        CheckConstraint("octet_length(nonce) = 32 and octet_length(user_ref) = 32", name="lengths"),
        CheckConstraint("(kind = 'paid') = (stake_fen > 0) and stake_fen >= 0", name="stake"),
        CheckConstraint("(kind = 'house') = (customer_id is null)", name="owner"),
        Index("draw_entry_customer_id_draw_id_first_index_idx", "customer_id", "draw_id", "first_index"),
        Index("draw_entry_stakes_idx", "customer_id", "accepted_second", postgresql_where=text("stake_fen > 0")),
    )
    append_only = True

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"))
    first_index: Mapped[int]
    count: Mapped[int]
    kind: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    nonce: Mapped[bytes] = mapped_column(LargeBinary)
    user_ref: Mapped[bytes] = mapped_column(LargeBinary)
    stake_fen: Mapped[int] = mapped_column(server_default="0")
    accepted_second: Mapped[int]
    hold_id: Mapped[int | None] = mapped_column(ForeignKey("shop.draw_hold.id"), unique=True)


class StakeEnd(Numbered):
    """One row per paid range whose stake left `draw_stakes`: returned, set off against the item, or earned."""

    __tablename__ = "stake_end"
    __table_args__ = (
        UniqueConstraint("entry_id", "outcome"),
        CheckConstraint(f"outcome in {STAKE_ENDS!r}", name="outcome"),
        CheckConstraint("amount_fen > 0", name="amount"),
    )
    append_only = True

    entry_id: Mapped[int] = mapped_column(ForeignKey("shop.draw_entry.id"))
    outcome: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int]
    order_id: Mapped[int | None] = mapped_column(ForeignKey("shop.orders.id"))


class DrawChance(Public):
    """One row per grant of free entries that a customer earned; `reference` names what for, once."""

    __tablename__ = "draw_chance"
    __table_args__ = (
        CheckConstraint(f"source in {EARNED!r}", name="source"),
        CheckConstraint("granted > 0 and used between 0 and granted", name="used"),
        Index("draw_chance_customer_idx", "customer_id", postgresql_where=text("used < granted")),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    source: Mapped[str] = mapped_column(Text)
    reference: Mapped[str] = mapped_column(Text, unique=True)
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("shop.draw.id"))
    granted: Mapped[int]
    used: Mapped[int] = mapped_column(server_default="0")
    expires_at: Mapped[datetime | None]


class ChanceReading(Numbered):
    """One row: up to which event of orders chances were given, in the order of the log of changes."""

    __tablename__ = "chance_reading"
    __table_args__ = (CheckConstraint("id = 1", name="one"),)

    reached_xid: Mapped[int] = mapped_column(server_default="0")
    reached_id: Mapped[int] = mapped_column(server_default="0")


class LogLeaf(Numbered):
    """One row per leaf that the shop decided to log, in the transaction that decided it; the sequencer places it."""

    __tablename__ = "log_leaf"
    __table_args__ = (
        CheckConstraint(f"kind in {LEAVES!r}", name="kind"),
        CheckConstraint("octet_length(body) between 2 and 65535", name="size"),
        CheckConstraint("kind = 'strange' or (kind = 'seal') = (draw_id is null)", name="of_a_draw"),
        Index("log_leaf_once_key", "draw_id", "kind", unique=True, postgresql_where=text(f"kind in {ONCE_A_DRAW!r}")),
        Index("log_leaf_draw_idx", "draw_id"),
        Index("log_leaf_strange_idx", "id", postgresql_where=text("kind = 'strange'")),
        Index("log_leaf_seal_idx", "id", postgresql_where=text("kind = 'seal'")),
    )
    append_only = True

    kind: Mapped[str] = mapped_column(Text)
    draw_id: Mapped[int | None] = mapped_column(ForeignKey("shop.draw.id"))
    body: Mapped[str] = mapped_column(Text)


class LogPosition(Numbered):
    """One row per leaf in the published log: where it stands."""

    __tablename__ = "log_position"
    __table_args__ = (CheckConstraint("octet_length(leaf_hash) = 32 and log_index >= 0", name="hash"),)
    append_only = True

    leaf_id: Mapped[int] = mapped_column(ForeignKey("shop.log_leaf.id"), unique=True)
    log_index: Mapped[int] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary)


class DrawBatch(Numbered):
    """One row per batch leaf: the entries of one second of one draw."""

    __tablename__ = "draw_batch"
    __table_args__ = (UniqueConstraint("draw_id", "first_index"), CheckConstraint("count > 0", name="count"))
    append_only = True

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    first_index: Mapped[int]
    count: Mapped[int]
    root: Mapped[bytes] = mapped_column(LargeBinary)
    accepted_second: Mapped[int]
    leaf_id: Mapped[int] = mapped_column(ForeignKey("shop.log_leaf.id"), unique=True)


class LogCheckpoint(Numbered):
    """One row per published size of the log with its signed note, cosignatures apart."""

    __tablename__ = "log_checkpoint"
    append_only = True

    size: Mapped[int] = mapped_column(unique=True)
    root: Mapped[bytes] = mapped_column(LargeBinary)
    note: Mapped[str] = mapped_column(Text)


class LogCosignature(Numbered):
    """One row per witness's word on a checkpoint; `seen_at_s` is the second that the witness signed."""

    __tablename__ = "log_cosignature"
    __table_args__ = (
        UniqueConstraint("checkpoint_id", "witness"),
        Index("log_cosignature_witness_idx", "witness", "checkpoint_id"),
    )
    append_only = True

    checkpoint_id: Mapped[int] = mapped_column(ForeignKey("shop.log_checkpoint.id"))
    witness: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text)
    seen_at_s: Mapped[int]


class BeaconRound(Numbered):
    """One row per round that was fetched and verified here."""

    __tablename__ = "beacon_round"
    __table_args__ = (UniqueConstraint("chain_hash", "round_no"),)
    append_only = True

    chain_hash: Mapped[str] = mapped_column(Text)
    round_no: Mapped[int]
    signature: Mapped[bytes] = mapped_column(LargeBinary)
    relay: Mapped[str] = mapped_column(Text)


class DrawWinner(Public):
    """One row per prize given to an entry; a forfeited one is followed by the reserve that replaced it.

    `claim_until` is when the prize may be forfeited. `customer_id` is null for a house entry. `ciphertext` is a prize
    of kind `code`, sealed like every code; `code_shown_at` is when its winner first looked at it.
    """

    __tablename__ = "draw_winner"
    __table_args__ = (
        UniqueConstraint("draw_id", "entry_index"),
        CheckConstraint(f"state in {WINNER_STATES!r}", name="state"),
        CheckConstraint("(state = 'forfeited') = (forfeit_reason is not null)", name="forfeited_with_reason"),
        CheckConstraint("(data_key_id is null) = (ciphertext is null)", name="sealed_whole"),
    )

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    place: Mapped[int]
    entry_index: Mapped[int]
    entry_id: Mapped[int] = mapped_column(ForeignKey("shop.draw_entry.id"), index=True)
    customer_id: Mapped[int | None] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("shop.draw_winner.id"), unique=True)
    state: Mapped[str] = mapped_column(Text, server_default="notified")
    claim_until: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    delivered_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    cost_fen: Mapped[int | None]
    data_key_id: Mapped[int | None] = mapped_column(ForeignKey("shop.data_key.id"))
    ciphertext: Mapped[bytes | None] = mapped_column(LargeBinary)
    code_shown_at: Mapped[datetime | None]
    shipment_id: Mapped[int | None] = mapped_column(ForeignKey("shop.shipment.id"), unique=True)
    forfeited_at: Mapped[datetime | None]
    forfeit_reason: Mapped[str | None] = mapped_column(Text)


class DrawReserve(Numbered):
    """One row per reserve, in the order in which they step in."""

    __tablename__ = "draw_reserve"
    __table_args__ = (UniqueConstraint("draw_id", "place"), UniqueConstraint("draw_id", "entry_index"))
    append_only = True

    draw_id: Mapped[int] = mapped_column(ForeignKey("shop.draw.id"))
    place: Mapped[int]
    entry_index: Mapped[int]


class PlayLimit(Numbered):
    """One row per limit that a customer set; a looser one takes force at `next_from`, a tighter one at once."""

    __tablename__ = "play_limit"
    __table_args__ = (
        UniqueConstraint("customer_id", "kind"),
        CheckConstraint(f"kind in {LIMITS!r}", name="kind"),
        CheckConstraint("amount_fen >= 0 and next_amount_fen >= 0", name="amounts"),
        CheckConstraint("next_from is not null or next_amount_fen is null", name="next_whole"),
    )

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"))
    kind: Mapped[str] = mapped_column(Text)
    amount_fen: Mapped[int | None]
    next_amount_fen: Mapped[int | None]
    next_from: Mapped[datetime | None]


class PlayPause(Numbered):
    """One row per time-out or self-exclusion; it cannot be taken back."""

    __tablename__ = "play_pause"
    __table_args__ = (CheckConstraint(f"kind in {PAUSES!r}", name="kind"),)
    append_only = True

    customer_id: Mapped[int] = mapped_column(ForeignKey("shop.customer.id"), index=True)
    kind: Mapped[str] = mapped_column(Text)
    until: Mapped[datetime]


class LegalOpinion(Public):
    """One row per counsel's opinion on a mode under a profile, as an operator recorded it."""

    __tablename__ = "legal_opinion"
    __table_args__ = (CheckConstraint(f"mode in {MODES!r}", name="mode"),)
    append_only = True

    profile: Mapped[str] = mapped_column(Text)
    mode: Mapped[str] = mapped_column(Text)
    counsel: Mapped[str] = mapped_column(Text)
    summary: Mapped[str] = mapped_column(Text)
    document_sha256: Mapped[str] = mapped_column(Text)
    given_on: Mapped[datetime]
    valid_until: Mapped[datetime]
    recorded_by: Mapped[int] = mapped_column(ForeignKey("shop.staff.id"))


class ModeSwitch(Public):
    """One row per request to switch a mode on or off. On holds once a second person confirmed; off holds at once."""

    __tablename__ = "mode_switch"
    __table_args__ = (
        CheckConstraint(f"mode in {MODES!r}", name="mode"),
        CheckConstraint("confirmed_by <> asked_by", name="two_people"),
        CheckConstraint("(confirmed_by is null) = (confirmed_at is null)", name="confirmed_whole"),
    )

    mode: Mapped[str] = mapped_column(Text)
    profile: Mapped[str] = mapped_column(Text)
    is_on: Mapped[bool]
    opinion_id: Mapped[int | None] = mapped_column(ForeignKey("shop.legal_opinion.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("shop.staff.id"))
    confirmed_by: Mapped[int | None] = mapped_column(ForeignKey("shop.staff.id"))
    confirmed_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
