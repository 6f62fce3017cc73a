"""What orders refuse beside the shop's common refusals."""

from transactional.errors import ShopError


class EmptyOrderError(ShopError):
    type, status = "empty-order", 409
    title = "Nothing to order"
    message = "There is nothing in this order."


class TooManyUnitsError(ShopError):
    type, status = "too-many-units", 409
    title = "Too many at once"
    message = "At most {units} of this can be in one order. Nothing was ordered."


class AnswersNeededError(ShopError):
    type, status = "answers-needed", 409
    title = "Questions to answer"
    message = "This product asks for some details first; order it at the checkout. Nothing was charged."


class HoldLimitError(ShopError):
    type, status = "hold-limit", 409
    title = "Too much reserved"
    message = "At most {units} more can be reserved for you without payment: pay, cancel or order less."


class OrderMovedOnError(ShopError):
    type, status = "order-moved-on", 409
    title = "Order has moved on"
    message = "The order is in a state that does not allow this. Nothing was changed."


class UnitNotWaitingError(ShopError):
    type, status = "unit-not-waiting", 409
    title = "Nothing to deliver"
    message = "This unit does not wait to be delivered by hand. Nothing was changed."


class NotRefundableError(ShopError):
    type, status = "not-refundable", 409
    title = "Cannot be refunded"
    message = "This unit is not paid, already refunded, or its refund is under way. Nothing was changed."
