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
)

EXCUSED: dict[str, str] = {
    "draw": "comes with the draw audit",
    "draw_player": "comes with the draw audit",
    "draw_hold": "comes with the draw audit",
    "draw_entry": "comes with the draw audit",
    "stake_end": "comes with the draw audit",
    "draw_chance": "comes with the draw audit",
    "chance_reading": "how far a job of the shop's has read",
    "log_leaf": "comes with the draw audit",
    "log_position": "comes with the draw audit",
    "draw_batch": "comes with the draw audit",
    "log_checkpoint": "comes with the draw audit",
    "log_cosignature": "comes with the draw audit",
    "beacon_round": "comes with the draw audit",
    "draw_winner": "comes with the draw audit",
    "draw_reserve": "comes with the draw audit",
    "play_limit": "comes with the draw audit",
    "play_pause": "comes with the draw audit",
    "legal_opinion": "comes with the draw audit",
    "mode_switch": "comes with the draw audit",
    "supplier": "comes with the channel scorecard",
    "offer": "comes with the channel scorecard",
    "offer_observation": "comes with the channel scorecard",
    "exchange_rate": "comes with the channel scorecard",
    "routing_policy": "comes with the routing what-if",
    "routing_decision": "comes with the routing what-if",
    "purchase": "comes with the channel scorecard",
    "purchase_event": "comes with the channel scorecard",
    "supplier_payment": "comes with the supplier reconciliation",
    "supplier_statement": "comes with the supplier reconciliation",
    "supplier_statement_line": "comes with the supplier reconciliation",
    "defect_claim": "comes with the channel scorecard",
    "alert": "watched in the shop itself",
    "supply_channel": "credentials, sealed or not, have no place in a warehouse",
    "supplier_balance": "the ledger's entries of a supplier add up to it",
    "channel_estimate": "what routing remembers; purchases are its source",
    "purchased_code": "codes, hashed or not, have no place in a warehouse",
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
    "shipment": "what one person was sent; its costs are the ledger's, its delivery the fulfilment's",
    "shipment_event": "a courier's words, which name persons",
    "shipment_item": "belongs to the shipments, which stay in the shop",
    "rate_limit": "allowances of the moment",
    "staff_invitation": "secrets of staff",
    "staff_recovery_code": "secrets of staff",
    "entitlement": "a view of deliveries and refunds that the warehouse has already; its life is told in the shop",
    "entitlement_event": "the life of single benefits; what of it is money is in deliveries and refunds",
    "entitlement_sweep": "how far a sweep of the shop has come",
    "benefit_launch": "tickets that live for minutes",
    "activation": "attempts at a provider, watched in the shop itself",
    "activation_outcome": "what was learnt of attempts at a provider, watched in the shop itself",
    "provider": "partners and the secrets shared with them",
    "product_provider": "a setting of products, nobody's figure",
    "provider_account": "accounts of persons, sealed or not, have no place in a warehouse",
    "provider_event": "messages of providers, sealed: they may name a person",
    "invoice": "titles and taxpayer numbers of persons, sealed or not; its money is the orders'",
    "invoice_order": "which orders an invoice is over; their money is followed itself",
    "top_up": "what was asked for; what was paid is in payment and in the ledger",
    "withdrawal": "accounts of persons, sealed or not; what money did is in the ledger",
    "withdrawal_part": "ways out of a wallet; what money did is in refund_payout and in the ledger",
    "ledger_seal": "seals are checked in the shop, against heads kept outside of it",
    "session": "tokens of people who are logged in",
    "aftersales_case": "what a case costs is in refunds, bad codes and the ledger, which are followed",
    "aftersales_case_unit": "like its case",
    "aftersales_message": "what customers wrote, sealed or not, is nobody's figure",
    "aftersales_evidence": "what customers showed, sealed or not, is nobody's figure",
    "aftersales_resolution": "like its case",
    "aftersales_decision": "like its case",
}

_GUARDED = re.compile(
    r"e_?mail|phone|mobile|wechat|display_name|real_name|full_name|nick|address|birth|gender|identity|passport"
    r"|password|secret|token|totp|ciphertext|fingerprint|wrapped|private|(^|_)ip($|_)|user_agent|external_ref|key_id|(^|_)sealed_(?!delivery_id)"
    r"|form_answers|pay_link|receiver_account"
)


def is_guarded(column: str) -> bool:
    """True for a column whose name says person or secret: withheld until this list tells otherwise."""
    return bool(_GUARDED.search(column))


def is_withheld(table: SourceTable, column: str) -> bool:
    """True when the column stays in the source: dropped by the list, or new there under a telling name."""
    return column in table.dropped or is_guarded(column)
