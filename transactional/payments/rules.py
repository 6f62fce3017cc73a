"""What states money may be in on its way in and out, and what an authentic notice means for a payment. Pure."""

PAYMENT_METHODS = ("wallet", "wechat", "alipay", "unionpay", "bank")
GATEWAYS = ("wechat", "alipay", "unionpay")
PAYMENT_STATES = ("created", "pending", "succeeded", "failed", "closed", "unapplied")
PAYOUT_STATES = ("created", "processing", "succeeded", "failed")
REFUND_STATES = ("pending", "succeeded", "failed")
RECEIPT_STATES = ("open", "returning", "returned", "applied")
SHARE_STATES = ("created", "processing", "succeeded", "failed")
NOTICE_VERDICTS = (
    "applied",
    "duplicate",
    "unmatched",
    "wrong_amount",
    "malformed",
    "stale",
    "unknown_serial",
    "bad_signature",
    "wrong_merchant",
)
"""The first four are authentic and acknowledged; the others are refused and change nothing."""
