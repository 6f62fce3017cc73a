"""The names of states, modes, kinds and leaves of draws, as tables and code spell them."""

DRAW_STATES = ("draft", "open", "closed", "committed", "decided", "finished", "void")
"""`closed` waits for its commitment, `committed` for the round, `decided` for claims and delivery."""
DISCARDED = "discarded"
"""The state of a draft that was thrown away: its row stays, as all rows do, and nobody is shown it."""
MODES = ("promotional", "refundable", "paid")
PROFILE_NAMES = ("mainland", "great_britain", "elsewhere")
"""Of compliance: under which place's rules of play a draw is held."""
KINDS = ("free", "house", "paid")
"""Kinds of entries as the log names them; what was earned counts as free."""
SOURCES = ("order", "checkin", "invitation", "free_route", "stake", "house")
EARNED = ("order", "checkin", "invitation", "free_route")
"""Where a chance comes from that a customer may use in a promotional draw."""
PRIZE_KINDS = ("code", "parcel", "hand")
HOLD_STATES = ("held", "taken", "released")
WINNER_STATES = ("notified", "claimed", "delivered", "forfeited")
"""A house entry that wins has a winner without a customer, `delivered` at once: the prize stays in the house."""
VOID_REASONS = ("undersold", "cancelled")
LEAVES = ("open", "batch", "commit", "result", "forfeit", "delivery", "void", "returned", "seal", "strange")
"""`strange` leaves were published by a shop that had newer books than these: they were learned from the log itself."""
ONCE_A_DRAW = ("open", "commit", "result", "void")
LIMITS = ("stake_day", "stake_week", "stake_month", "loss_month")
PAUSES = ("time_out", "self_exclusion")
STAKE_ENDS = ("returned", "set_off", "income")
"""What became of a stake once its draw was decided or voided."""
