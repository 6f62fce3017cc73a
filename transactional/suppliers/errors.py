"""What suppliers' commands refuse."""

from transactional.errors import ShopError


class NoRateError(ShopError):
    type, status = "no-exchange-rate", 409
    title = "No exchange rate"
    message = "There is no exchange rate of {currency} for {date} or before. Enter one first."


class ChannelWithoutProtocolError(ShopError):
    type, status = "channel-without-protocol", 409
    title = "Nobody to ask"
    message = "The channel “{code}” has no server that could be asked."


class ChannelEndedError(ShopError):
    type, status = "channel-ended", 409
    title = "Channel ended"
    message = "This channel was ended and cannot be changed any more."


class PurchaseOpenError(ShopError):
    type, status = "purchase-open", 409
    title = "Being bought"
    message = "This is being bought for you at this moment, and it is not known yet how it ends. Try again later."


class PurchaseMovedOnError(ShopError):
    type, status = "purchase-moved-on", 409
    title = "Purchase has moved on"
    message = "The purchase is in a state that does not allow this. Nothing was changed."


class NothingToBuyError(ShopError):
    type, status = "nothing-to-buy", 409
    title = "Nothing to buy"
    message = "This unit does not wait for a supplier, or is being bought already. Nothing was changed."


class NothingToBelieveError(ShopError):
    type, status = "no-cost-to-accept", 409
    title = "No cost to accept"
    message = "This offer has no cost that could be accepted. Enter one, or wait until the supplier names one."


class RefusedStatementError(ShopError):
    type, status = "refused-statement", 422
    title = "Statement refused"
    message = "The statement was refused whole; nothing was written."


class StatementOverlapsError(ShopError):
    type, status = "statement-overlaps", 409
    title = "Days are accounted for"
    message = "A statement of this channel with some of these days ({since} to {until}) is stored already."


class StatementOfOtherChannelError(ShopError):
    type, status = "statement-of-other-channel", 409
    title = "Stored for another channel"
    message = "The same file is stored already as a statement of the channel “{code}”."


class ChannelWithoutSupplierError(ShopError):
    type, status = "channel-without-supplier", 409
    title = "No supplier"
    message = "The channel “{code}” belongs to no supplier, so there is nobody whose statement could be of it."


class DifferenceSettledError(ShopError):
    type, status = "difference-settled", 409
    title = "Settled already"
    message = "This difference was settled meanwhile. Nothing was changed."


class DifferenceOpenError(ShopError):
    type, status = "purchase-not-ended", 409
    title = "Purchase has no end yet"
    message = "It is not known yet how this purchase ended. Ask for it on its page, then settle the difference."


class PaymentRecordedError(ShopError):
    type, status = "payment-recorded", 409
    title = "Recorded before"
    message = "A payment to this supplier with the reference “{reference}” is recorded already."


class ClaimEndedError(ShopError):
    type, status = "claim-ended", 409
    title = "Claim has ended"
    message = "This claim was accepted or rejected already. Nothing was changed."


class NothingToClaimError(ShopError):
    type, status = "nothing-to-claim", 409
    title = "Nothing to claim"
    message = "No supplier is known for this code, or it was claimed already."
