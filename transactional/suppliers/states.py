"""Words of the suppliers' tables: protocols, states of channels, offers, purchases, statements and claims. Pure."""

TERMS = ("prepaid", "on_account")
PROTOCOLS = ("fulu", "hmac_card", "reloadly", "own_pool", "manual")
CHANNEL_STATES = ("active", "paused", "ended")
BREAKER_STATES = ("closed", "open", "half_open")
OFFER_STATES = ("active", "quarantined", "withdrawn")
OFFER_SOURCES = ("pull", "push", "order", "sheet", "staff")
"""How an offer's price and stock were learnt: a scheduled pull, the supplier's push, a look before an order, a quote
sheet, staff."""

PURCHASE_STATES = (
    "created",
    "submitted",
    "processing",
    "unknown",
    "succeeded",
    "failed",
    "written_off",
    "late_failed",
    "late_succeeded",
)
HOLDING = ("created", "submitted", "processing", "unknown", "succeeded")
"""States of the one purchase that a unit can have: while it may still bring a good, or has."""

OPEN = ("submitted", "processing", "unknown")
"""The supplier may have it: only a query tells."""

DECISION_STAGES = ("quote", "payment", "purchase")
DECISION_OUTCOMES = ("chosen", "hold", "refund")
AT_LOSS = ("hold", "refund")
"""What a policy wants when no candidate keeps the floor: hold the unit for the owner, or give the money back."""

NOTICE_VERDICTS = ("applied", "duplicate", "ignored", "malformed", "stale", "bad_signature", "unknown_purchase")
STATEMENT_VERDICTS = ("matched", "ours_only", "theirs_only", "amount_differs")
SUPPLIER_PAYMENT_KINDS = ("top_up", "settlement")
CLAIM_STATES = ("open", "sent", "accepted", "rejected")
