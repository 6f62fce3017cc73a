"""What payments refuse, in words for people."""

from transactional.errors import ShopError


class OrderNotPayableError(ShopError):
    type, status = "order-not-payable", 409
    title = "Nothing to pay"
    message = "This order is not waiting for a payment. Nothing was charged."


class OrderExpiredError(ShopError):
    type, status = "order-expired", 409
    title = "Time to pay is over"
    message = "The time to pay this order is over, so its codes are no longer kept. Nothing was charged; order again."


class MethodUnavailableError(ShopError):
    type, status = "payment-method-unavailable", 409
    title = "Way to pay not available"
    message = "This way to pay is not available here. Nothing was charged; please choose another."


class RefundTooLargeError(ShopError):
    type, status = "refund-too-large", 409
    title = "More than was paid"
    message = "This is more than what is left of the payment; nothing was refunded."


class PartOfUndeliveredError(ShopError):
    type, status = "refund-of-undelivered-part", 409
    title = "Only whole units"
    message = "What was not delivered yet can only be refunded whole; nothing was refunded."


class ReceiptNotOpenError(ShopError):
    type, status = "receipt-not-open", 409
    title = "Receipt already settled"
    message = "This receipt was already applied or given back."


class AmountDiffersError(ShopError):
    type, status = "amount-differs", 409
    title = "Amounts differ"
    message = "The amount that came is not the amount of the order; nothing was changed."


class NotSharableError(ShopError):
    type, status = "not-sharable", 409
    title = "Cannot be shared"
    message = "This payment was not made for sharing, or there is not enough left of it; nothing was shared."


class TooMuchChargedBackError(ShopError):
    type, status = "chargeback-too-large", 409
    title = "More than was paid"
    message = "This is more than what is left of the payment; nothing was recorded."


class AlreadyRecordedError(ShopError):
    type, status = "already-recorded", 409
    title = "Recorded before"
    message = "This reference was recorded before, with other figures; nothing was changed."


class PayoutNotFailedError(ShopError):
    type, status = "payout-not-failed", 409
    title = "Not failed"
    message = "Only money that failed to go back can be sent again."
