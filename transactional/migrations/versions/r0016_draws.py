"""Draws: their entries, the public log, results and winners, and what limits play."""

import sqlalchemy as sa

from transactional.migrations.tables import (
    check,
    create,
    index,
    instant,
    number,
    octets,
    points_to,
    text,
    unique,
)


revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    _draws()
    _entries()
    _log()
    _results()
    _play()


def downgrade() -> None:
    raise RuntimeError("history is never taken back: write a new revision")


def _draws() -> None:
    create(
        "draw",
        number("number", required=False),
        text("state", default="draft"),
        text("title_zh"),
        text("title_en"),
        text("mode"),
        text("profile", default="mainland"),
        text("prize_item"),
        text("prize_name"),
        number("prize_value_fen"),
        text("prize_kind"),
        number("price_fen", default=0),
        number("pack_count", required=False),
        number("pack_price_count", required=False),
        number("capacity", default=0),
        instant("closes_at"),
        number("most_each", required=False),
        number("winners", default=1),
        number("reserves", default=3),
        number("delay_s"),
        text("chain_hash"),
        number("claim_days", default=30),
        text("free_rule", default=""),
        text("house_rule", default=""),
        text("rules"),
        number("next_index", default=0),
        number("free_count", default=0),
        number("paid_count", default=0),
        number("house_count", default=0),
        number("last_second", required=False),
        instant("opened_at"),
        instant("closed_at"),
        instant("committed_at"),
        number("round_no", required=False),
        instant("round_at"),
        instant("decided_at"),
        instant("returned_at"),
        instant("voided_at"),
        instant("settled_at"),
        text("void_reason", required=False),
        text("void_words", required=False),
        number("created_by", required=False),
        number("opened_by", required=False),
        check("draw", "draw_not_oversold_check", "capacity = 0 or next_index <= capacity"),
        check("draw", "draw_numbered_check", "(state in ('draft', 'discarded')) = (number is null)"),
        check("draw", "draw_price_check", "price_fen >= 0 and (mode = 'promotional') = (price_fen = 0)"),
        check("draw", "draw_prize_value_check", "prize_value_fen > 0"),
        check("draw", "draw_capacity_check", "capacity between 0 and 10000000"),
        check("draw", "draw_prize_kind_check", "prize_kind in ('code', 'parcel', 'hand')"),
        check("draw", "draw_void_with_reason_check", "(state = 'void') = (void_reason is not null)"),
        check(
            "draw",
            "draw_state_check",
            "state in ('draft', 'open', 'closed', 'committed', 'decided', 'finished', 'void', 'discarded')",
        ),
        check("draw", "draw_ends_check", "capacity > 0 or closes_at is not null"),
        check("draw", "draw_counted_check", "free_count + paid_count + house_count = next_index"),
        check("draw", "draw_pack_whole_check", "(pack_count is null) = (pack_price_count is null)"),
        check("draw", "draw_winners_check", "winners between 1 and 1000 and reserves between 0 and 1000"),
        check("draw", "draw_profile_check", "profile in ('mainland', 'great_britain', 'elsewhere')"),
        check("draw", "draw_mode_check", "mode in ('promotional', 'refundable', 'paid')"),
        check("draw", "draw_pack_cheaper_check", "pack_price_count between 1 and pack_count - 1"),
        check("draw", "draw_void_reason_check", "void_reason in ('undersold', 'cancelled')"),
        points_to("draw", "created_by", "staff"),
        points_to("draw", "opened_by", "staff"),
        unique("draw", "number"),
        public=True,
    )
    index("draw", "prize_item", where="state not in ('void', 'discarded')", is_unique=True, name="draw_prize_item_key")
    index("draw", "state")
    create(
        "draw_player",
        number("draw_id"),
        number("customer_id"),
        octets("salt"),
        octets("user_ref"),
        number("entries", default=0),
        check("draw_player", "draw_player_lengths_check", "octet_length(salt) = 32 and octet_length(user_ref) = 32"),
        points_to("draw_player", "customer_id", "customer"),
        points_to("draw_player", "draw_id", "draw"),
        unique("draw_player", "draw_id", "customer_id"),
    )
    index("draw_player", "customer_id")


def _entries() -> None:
    create(
        "draw_hold",
        number("draw_id"),
        number("customer_id"),
        number("count"),
        instant("until", required=True),
        text("state", default="held"),
        check("draw_hold", "draw_hold_count_check", "count > 0"),
        check("draw_hold", "draw_hold_state_check", "state in ('held', 'taken', 'released')"),
        points_to("draw_hold", "customer_id", "customer"),
        points_to("draw_hold", "draw_id", "draw"),
        public=True,
    )
    index("draw_hold", "customer_id")
    index("draw_hold", "draw_id", "until", where="state = 'held'", name="draw_hold_live_idx")
    create(
        "draw_entry",
        number("draw_id"),
        number("customer_id", required=False),
        number("first_index"),
        number("count"),
        text("kind"),
        text("source"),
        octets("nonce"),
        octets("user_ref"),
        number("stake_fen", default=0),
        number("accepted_second"),
        number("hold_id", required=False),
        check("draw_entry", "draw_entry_kind_check", "kind in ('free', 'house', 'paid')"),
        check("draw_entry", "draw_entry_owner_check", "(kind = 'house') = (customer_id is null)"),
        check("draw_entry", "draw_entry_stake_check", "(kind = 'paid') = (stake_fen > 0) and stake_fen >= 0"),
        check("draw_entry", "draw_entry_range_check", "count > 0 and first_index >= 0"),
        check("draw_entry", "draw_entry_lengths_check", "octet_length(nonce) = 32 and octet_length(user_ref) = 32"),
        check(
            "draw_entry",
            "draw_entry_source_check",
            "source in ('order', 'checkin', 'invitation', 'free_route', 'stake', 'house')",
        ),
        points_to("draw_entry", "customer_id", "customer"),
        points_to("draw_entry", "draw_id", "draw"),
        points_to("draw_entry", "hold_id", "draw_hold"),
        unique("draw_entry", "draw_id", "first_index"),
        unique("draw_entry", "hold_id"),
        public=True,
        append_only=True,
    )
    index("draw_entry", "customer_id", "draw_id", "first_index")
    index("draw_entry", "customer_id", "accepted_second", where="stake_fen > 0", name="draw_entry_stakes_idx")
    create(
        "stake_end",
        number("entry_id"),
        text("outcome"),
        number("amount_fen"),
        number("order_id", required=False),
        check("stake_end", "stake_end_amount_check", "amount_fen > 0"),
        check("stake_end", "stake_end_outcome_check", "outcome in ('returned', 'set_off', 'income')"),
        points_to("stake_end", "entry_id", "draw_entry"),
        points_to("stake_end", "order_id", "orders"),
        unique("stake_end", "entry_id", "outcome"),
        append_only=True,
    )
    create(
        "draw_chance",
        number("customer_id"),
        text("source"),
        text("reference", unique=True),
        number("draw_id", required=False),
        number("granted"),
        number("used", default=0),
        instant("expires_at"),
        check("draw_chance", "draw_chance_used_check", "granted > 0 and used between 0 and granted"),
        check("draw_chance", "draw_chance_source_check", "source in ('order', 'checkin', 'invitation', 'free_route')"),
        points_to("draw_chance", "customer_id", "customer"),
        points_to("draw_chance", "draw_id", "draw"),
        unique("draw_chance", "reference"),
        public=True,
    )
    index("draw_chance", "customer_id", where="used < granted", name="draw_chance_customer_idx")
    create(
        "chance_reading",
        number("reached_xid", default=0),
        number("reached_id", default=0),
        check("chance_reading", "chance_reading_one_check", "id = 1"),
    )


def _log() -> None:
    create(
        "log_leaf",
        text("kind"),
        number("draw_id", required=False),
        text("body"),
        check(
            "log_leaf",
            "log_leaf_kind_check",
            "kind in ('open', 'batch', 'commit', 'result', 'forfeit', 'delivery', 'void', 'returned', 'seal', 'strange')",
        ),
        check("log_leaf", "log_leaf_size_check", "octet_length(body) between 2 and 65535"),
        check("log_leaf", "log_leaf_of_a_draw_check", "kind = 'strange' or (kind = 'seal') = (draw_id is null)"),
        points_to("log_leaf", "draw_id", "draw"),
        append_only=True,
    )
    index("log_leaf", "draw_id", name="log_leaf_draw_idx")
    index("log_leaf", "id", where="kind = 'strange'", name="log_leaf_strange_idx")
    index("log_leaf", "id", where="kind = 'seal'", name="log_leaf_seal_idx")
    index(
        "log_leaf",
        "draw_id",
        "kind",
        where="kind in ('open', 'commit', 'result', 'void')",
        is_unique=True,
        name="log_leaf_once_key",
    )
    create(
        "log_position",
        number("leaf_id"),
        number("log_index"),
        octets("leaf_hash"),
        check("log_position", "log_position_hash_check", "octet_length(leaf_hash) = 32 and log_index >= 0"),
        points_to("log_position", "leaf_id", "log_leaf"),
        unique("log_position", "leaf_id"),
        unique("log_position", "log_index"),
        append_only=True,
    )
    create(
        "draw_batch",
        number("draw_id"),
        number("first_index"),
        number("count"),
        octets("root"),
        number("accepted_second"),
        number("leaf_id"),
        check("draw_batch", "draw_batch_count_check", "count > 0"),
        points_to("draw_batch", "draw_id", "draw"),
        points_to("draw_batch", "leaf_id", "log_leaf"),
        unique("draw_batch", "draw_id", "first_index"),
        unique("draw_batch", "leaf_id"),
        append_only=True,
    )
    create(
        "log_checkpoint",
        number("size"),
        octets("root"),
        text("note"),
        unique("log_checkpoint", "size"),
        append_only=True,
    )
    create(
        "log_cosignature",
        number("checkpoint_id"),
        text("witness"),
        text("line"),
        number("seen_at_s"),
        points_to("log_cosignature", "checkpoint_id", "log_checkpoint"),
        unique("log_cosignature", "checkpoint_id", "witness"),
        append_only=True,
    )
    index("log_cosignature", "witness", "checkpoint_id", name="log_cosignature_witness_idx")


def _results() -> None:
    create(
        "beacon_round",
        text("chain_hash"),
        number("round_no"),
        octets("signature"),
        text("relay"),
        unique("beacon_round", "chain_hash", "round_no"),
        append_only=True,
    )
    create(
        "draw_winner",
        number("draw_id"),
        number("place"),
        number("entry_index"),
        number("entry_id"),
        number("customer_id", required=False),
        number("replaces_id", required=False),
        text("state", default="notified"),
        instant("claim_until", required=True),
        instant("claimed_at"),
        instant("delivered_at"),
        number("delivered_by", required=False),
        number("cost_fen", required=False),
        number("data_key_id", required=False),
        octets("ciphertext", required=False),
        instant("code_shown_at"),
        number("shipment_id", required=False),
        instant("forfeited_at"),
        text("forfeit_reason", required=False),
        check(
            "draw_winner",
            "draw_winner_forfeited_with_reason_check",
            "(state = 'forfeited') = (forfeit_reason is not null)",
        ),
        check("draw_winner", "draw_winner_sealed_whole_check", "(data_key_id is null) = (ciphertext is null)"),
        check("draw_winner", "draw_winner_state_check", "state in ('notified', 'claimed', 'delivered', 'forfeited')"),
        points_to("draw_winner", "customer_id", "customer"),
        points_to("draw_winner", "data_key_id", "data_key"),
        points_to("draw_winner", "delivered_by", "staff"),
        points_to("draw_winner", "draw_id", "draw"),
        points_to("draw_winner", "entry_id", "draw_entry"),
        points_to("draw_winner", "replaces_id", "draw_winner"),
        points_to("draw_winner", "shipment_id", "shipment"),
        unique("draw_winner", "draw_id", "entry_index"),
        unique("draw_winner", "replaces_id"),
        unique("draw_winner", "shipment_id"),
        public=True,
    )
    index("draw_winner", "customer_id")
    index("draw_winner", "entry_id")
    create(
        "draw_reserve",
        number("draw_id"),
        number("place"),
        number("entry_index"),
        points_to("draw_reserve", "draw_id", "draw"),
        unique("draw_reserve", "draw_id", "entry_index"),
        unique("draw_reserve", "draw_id", "place"),
        append_only=True,
    )


def _play() -> None:
    create(
        "play_limit",
        number("customer_id"),
        text("kind"),
        number("amount_fen", required=False),
        number("next_amount_fen", required=False),
        instant("next_from"),
        check("play_limit", "play_limit_amounts_check", "amount_fen >= 0 and next_amount_fen >= 0"),
        check("play_limit", "play_limit_next_whole_check", "next_from is not null or next_amount_fen is null"),
        check(
            "play_limit", "play_limit_kind_check", "kind in ('stake_day', 'stake_week', 'stake_month', 'loss_month')"
        ),
        points_to("play_limit", "customer_id", "customer"),
        unique("play_limit", "customer_id", "kind"),
    )
    create(
        "play_pause",
        number("customer_id"),
        text("kind"),
        instant("until", required=True),
        check("play_pause", "play_pause_kind_check", "kind in ('time_out', 'self_exclusion')"),
        points_to("play_pause", "customer_id", "customer"),
        append_only=True,
    )
    index("play_pause", "customer_id")
    create(
        "legal_opinion",
        text("profile"),
        text("mode"),
        text("counsel"),
        text("summary"),
        text("document_sha256"),
        instant("given_on", required=True),
        instant("valid_until", required=True),
        number("recorded_by"),
        check("legal_opinion", "legal_opinion_mode_check", "mode in ('promotional', 'refundable', 'paid')"),
        points_to("legal_opinion", "recorded_by", "staff"),
        public=True,
        append_only=True,
    )
    create(
        "mode_switch",
        text("mode"),
        text("profile"),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        number("opinion_id", required=False),
        number("asked_by"),
        number("confirmed_by", required=False),
        instant("confirmed_at"),
        instant("withdrawn_at"),
        check("mode_switch", "mode_switch_mode_check", "mode in ('promotional', 'refundable', 'paid')"),
        check("mode_switch", "mode_switch_confirmed_whole_check", "(confirmed_by is null) = (confirmed_at is null)"),
        check("mode_switch", "mode_switch_two_people_check", "confirmed_by <> asked_by"),
        points_to("mode_switch", "asked_by", "staff"),
        points_to("mode_switch", "confirmed_by", "staff"),
        points_to("mode_switch", "opinion_id", "legal_opinion"),
        public=True,
    )
