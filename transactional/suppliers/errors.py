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
