"""What draws refuse beside the shop's common refusals."""

from transactional.errors import ShopError


class DrawClosedError(ShopError):
    type, status = "draw-closed", 409
    title = "No more entries"
    message = "This draw takes no entries now. Nothing was charged."


class DrawFullError(ShopError):
    type, status = "draw-full", 409
    title = "Not enough entries left"
    message = "Only {left} entries are left to take right now. Nothing was charged."


class TooManyEntriesError(ShopError):
    type, status = "too-many-entries", 409
    title = "Too many entries"
    message = "One person may have at most {most} entries in this draw. Nothing was charged."


class WrongStakeError(ShopError):
    type, status = "wrong-stake", 409
    title = "Not sold for money"
    message = "Entries in this draw are never sold; they are earned. Nothing was charged."


class NotEnoughChancesError(ShopError):
    type, status = "not-enough-chances", 409
    title = "Not enough chances"
    message = "You have {left} chances that can be used in this draw."


class HoldEndedError(ShopError):
    type, status = "hold-ended", 409
    title = "Reservation has ended"
    message = "This reservation has ended or was for another number of entries. Nothing was charged."
