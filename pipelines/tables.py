"""The one list of the shop's tables: which come to the warehouse, by what key, and what of them never does.

How rows travel is not told here. Every table of schema `shop` is listed or excused; a test compares with the schema.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class SourceTable:
    """A table that is followed; `dropped` columns hold persons or secrets and never leave the source."""

    name: str
    append_only: bool
    key: tuple[str, ...] = ("id",)
    dropped: frozenset[str] = frozenset()


def _mutable(name: str, *dropped: str, key: str = "id") -> SourceTable:
    return SourceTable(name, append_only=False, key=(key,), dropped=frozenset(dropped))


def _append_only(name: str, *dropped: str) -> SourceTable:
    return SourceTable(name, append_only=True, dropped=frozenset(dropped))


TABLES: tuple[SourceTable, ...] = (
    _mutable("shop_profile"),
    # external_ref is whatever another shop called its customer: often a telephone number or an address
    _mutable(
        "customer",
        "email",
        "display_name",
        "password_hash",
        "external_ref",
        "phone_index",
        "sealed_phone",
        "phone_key_id",
        "email_verified_at",
        "phone_verified_at",
        "password_changed_at",
    ),
    _mutable("wallet", key="customer_id"),
    _mutable(
        "staff",
        "email",
        "display_name",
        "password_hash",
        "password_changed_at",
        "sealed_totp",
        "sealed_next_totp",
        "totp_key_id",
        "totp_confirmed_at",
        "totp_last_step",
    ),
    _mutable("category"),
    _mutable("product"),
    _mutable("sku"),
    _append_only("staff_act"),
    _append_only("price"),
    _mutable("bundle_item"),
    _mutable("card_batch"),
    _mutable("card", "ciphertext", "fingerprint", "data_key_id"),
    _append_only("card_reveal"),
    _append_only("card_defect"),
    _append_only("batch_credit"),
    _append_only("batch_cost_correction"),
    _append_only("card_export"),
    _append_only("order_import"),
    _mutable("orders"),
    # what a shopper filled in for a delivery by hand: accounts, telephone numbers
    _mutable("order_item", "form_answers", "sealed_answers", "answers_key_id"),
    _mutable("fulfilment"),
    _append_only("order_event"),
    _mutable("membership_period"),
    _mutable("payment", "pay_link"),
    _append_only("payment_notification", "sealed_body", "data_key_id"),
    _mutable("refund_payout"),
    _mutable("refund"),
    _mutable("unapplied_receipt"),
    _mutable("profit_share", "receiver_account"),
    _append_only("chargeback"),
    _append_only("gateway_settlement"),
    _append_only("gateway_bill"),
    _append_only("gateway_bill_line"),
    _mutable("external_call"),
    _mutable("review_case"),
    _mutable("ledger_account", key="code"),
    _append_only("ledger_transaction"),
    _append_only("ledger_entry"),
    _append_only("document_line"),
    _append_only("month_close"),
    # notes and reasons are what staff typed, and may name anybody
    _mutable("supplier", "note"),
    _mutable("supplier_balance", key="supplier_id"),
    # addresses and options may hold parts of a log-in; lists do not travel: a decision's inputs repeat them
    _mutable("supply_channel", "base_url", "options", "regions", "data_key_id", "sealed_credentials", "pull_problem"),
    _mutable("offer"),
    _append_only("offer_observation"),
    _append_only("exchange_rate"),
    _append_only("routing_policy", "excluded_channel_ids", "regions", "reason"),
    _append_only("routing_decision"),
    # what a supplier answers may repeat the account that was to be topped up
    _mutable("purchase", "outcome_reason"),
    _append_only("purchase_event", "detail"),
    _append_only("purchased_code", "fingerprint", "sealed_delivery_id"),
    _append_only("supplier_payment", "note"),
    _append_only("supplier_statement"),
    _append_only("supplier_statement_line"),
    _mutable("defect_claim", "reason"),
    _mutable("aftersales_case"),
    _mutable("aftersales_case_unit"),
    _append_only("aftersales_resolution"),
    _append_only("aftersales_decision"),
    _mutable("entitlement", "provider_ref"),
    _append_only("entitlement_event"),
    _mutable("top_up"),
    _mutable("withdrawal", "data_key_id", "sealed_bank_account", "reason"),
    _mutable("withdrawal_part", "bank_reference"),
    # its numbers lead to its title at the tax office
    _mutable(
        "invoice", "data_key_id", "sealed", "reason", "code", "number", "file_key_id", "sealed_file", "red_number"
    ),
    _mutable("invoice_order"),
    _mutable("shipment", "tracking_no"),
    _append_only("shipment_item"),
    _mutable("draw"),
    _mutable("draw_hold"),
    # the references under which tickets are public would name their customers here
    _append_only("draw_entry", "nonce", "user_ref"),
    _append_only("stake_end"),
    _mutable("draw_chance"),
    _append_only("beacon_round"),
    _mutable("draw_winner", "data_key_id", "ciphertext"),
    _append_only("draw_reserve"),
    _append_only("legal_opinion", "counsel", "summary"),
    _mutable("mode_switch"),
    _append_only("ad_statement"),
    _append_only("ad_spend"),
    _append_only("courier_statement"),
    _append_only("courier_charge", "tracking_no", "reference"),
)

EXCUSED: dict[str, str] = {
    "draw_player": "salts that hide who plays; an entry says itself whose it is",
    "chance_reading": "how far a job of the shop's has read",
    "log_leaf": "published as it is: the audit reads the public bundles",
    "log_position": "published as it is: the audit reads the public bundles",
    "draw_batch": "how entries were logged; the audit takes it from the public bundles",
    "log_checkpoint": "published as it is: the audit reads the public bundles",
    "log_cosignature": "published as it is: the audit reads the public bundles",
    "play_limit": "what one person allows itself is nobody's figure",
    "play_pause": "when one person must not play is nobody's figure",
    "alert": "watched in the shop itself",
    "channel_estimate": "what routing remembers; purchases are its source",
    "supplier_notice": "suppliers' messages, which carry codes, sealed",
    "alert_delivery": "how alerts were told",
    "alembic_version": "belongs to the migrations",
    "cart_item": "what somebody only thought of buying is nobody's figure",
    "sealed_delivery": "secrets handed over by hand, sealed or not, have no place in a warehouse",
    "data_key": "keys, wrapped or not, have no place in a warehouse",
    "idempotency_key": "stored answers repeat what the tables say, personal fields included",
    "address": "where people live, sealed or not, is nobody's figure",
    "identity_check": "names and numbers of persons, sealed or not, have no place in a warehouse",
    "consent": "evidence of what somebody agreed to, and nobody's figure",
    "known_device": "tokens of browsers",
    "log_in_attempt": "watched in the shop itself; whose they are is nobody's figure",
    "one_time_code": "secrets that live for minutes",
    "product_picture": "pictures are looked at, not counted",
    "product_sales": "counted from orders that the warehouse has itself",
    "code_message": "one-time codes on their way, sealed and soon gone",
    "notice": "what one person was told; the events told of are listed themselves",
    "notice_preference": "what one person wants to hear of",
    "notice_sweep": "how far notices were written",
    "restock_watch": "what one person waits for",
    "destination": "where somebody's parcel goes, sealed or not, is nobody's figure",
    "shipment_event": "a courier's words, which name persons; the parcel says where it stands",
    "rate_limit": "allowances of the moment",
    "staff_invitation": "secrets of staff",
    "staff_recovery_code": "secrets of staff",
    "entitlement_sweep": "how far a sweep of the shop has come",
    "benefit_launch": "tickets that live for minutes",
    "activation": "attempts at a provider, watched in the shop itself",
    "activation_outcome": "what was learnt of attempts at a provider, watched in the shop itself",
    "provider": "partners and the secrets shared with them",
    "product_provider": "a setting of products, nobody's figure",
    "provider_account": "accounts of persons, sealed or not, have no place in a warehouse",
    "provider_event": "messages of providers, sealed: they may name a person",
    "ledger_seal": "seals are checked in the shop, against heads kept outside of it",
    "session": "tokens of people who are logged in",
    "aftersales_message": "what customers wrote, sealed or not, is nobody's figure",
    "aftersales_evidence": "what customers showed, sealed or not, is nobody's figure",
}

_GUARDED = re.compile(
    r"e_?mail|phone|mobile|wechat|display_name|real_name|full_name|nick|address|birth|gender|identity|passport"
    r"|password|secret|token|totp|ciphertext|fingerprint|wrapped|private|(^|_)ip($|_)|user_agent|external_ref|key_id|(^|_)sealed($|_(?!delivery_id))"
    r"|form_answers|pay_link|receiver_account|credential|nonce|salt|user_ref"
)


def is_guarded(column: str) -> bool:
    """True for a column whose name says person or secret: withheld until this list tells otherwise."""
    return bool(_GUARDED.search(column))


def is_withheld(table: SourceTable, column: str) -> bool:
    """True when the column stays in the source: dropped by the list, or new there under a telling name."""
    return column in table.dropped or is_guarded(column)
