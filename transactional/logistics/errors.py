"""What parcels refuse beside the shop's common refusals."""

from transactional.errors import ShopError


class ParcelKnownError(ShopError):
    type, status = "parcel-known", 409
    title = "Parcel is recorded already"
    message = "This tracking number is recorded for another order; nothing was changed."


class NotConfirmableError(ShopError):
    type, status = "parcel-not-confirmable", 409
    title = "Nothing to confirm"
    message = "This parcel came back or was lost, so it cannot be confirmed. Please ask for help with the order."


class UnknownCourierError(ShopError):
    type, status = "unknown-courier", 422
    title = "Unknown courier"
    message = "No courier is called “{name}”. Known are {known}."


class ChargesOfOtherCourierError(ShopError):
    type, status = "statement-of-other-courier", 409
    title = "Stored for another courier"
    message = "The same file is stored already as a statement of “{code}”."
