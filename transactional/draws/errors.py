"""What draws refuse beside the shop's common refusals."""

from transactional.errors import ShopError


class DrawClosedError(ShopError):
    type, status = "draw-closed", 409
    title = "No more entries"
    message = "This draw takes no entries now. Nothing was charged."


class DrawBusyError(ShopError):
    type, status = "draw-busy", 503
    title = "Too many at once"
    message = "This draw cannot take your entry right now; please try again in a moment. Nothing was charged."


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


class DrawMovedOnError(ShopError):
    type, status = "draw-moved-on", 409
    title = "The draw has moved on"
    message = "The draw is not in a state that allows this any more; look at it again. Nothing was changed."


class PrizeTakenError(ShopError):
    type, status = "prize-taken", 409
    title = "Prize of another draw"
    message = "This prize is already the prize of draw “{title}”. One thing can be given away only once."


class VoidTooLateError(ShopError):
    type, status = "void-too-late", 409
    title = "Too late to call it off"
    message = (
        "The deciding number is known or about to be: whoever called the draw off now could be choosing the outcome."
        " The draw goes on."
    )


class ClaimOverError(ShopError):
    type, status = "claim-over", 409
    title = "Too late to claim"
    message = "The days in which this prize could be claimed are over."


class NotWinnersTicketError(ShopError):
    type, status = "not-winners-ticket", 403
    title = "Not the ticket's owner"
    message = "The winning ticket was not issued to this account. The prize was not given; please contact us."


class AddressNeededError(ShopError):
    type, status = "address-needed", 422
    title = "Address needed"
    message = "This prize is sent as a parcel: choose the address that it goes to."


class ForfeitTooEarlyError(ShopError):
    type, status = "forfeit-too-early", 409
    title = "Still time to claim"
    message = "The winner may still claim the prize. It goes to a reserve only when the claim days are over."


class HoldTooLargeError(ShopError):
    type, status = "hold-too-large", 409
    title = "Too much reserved"
    message = "At most {most} entries of this draw can be reserved for one person."


class HoldsFullError(ShopError):
    type, status = "holds-full", 409
    title = "Enough is reserved"
    message = "Others have reserved so much that only {left} more can be reserved now. You can still enter at once."


class HoldPauseError(ShopError):
    type, status = "hold-pause", 409
    title = "Reserved a short while ago"
    message = (
        "You did not use your last reservation in this draw; the next is possible in {minutes} minutes."
        " You can still enter at once."
    )


class EarnedBeforeError(ShopError):
    type, status = "chance-earned-before", 409
    title = "Already earned"
    message = "You already got this chance. It comes only once."


class NoFreeRouteError(ShopError):
    type, status = "no-free-route", 409
    title = "No free entries"
    message = "This draw gives no free entries; its rules say how one takes part."


class NotInvitedError(ShopError):
    type, status = "not-invited", 409
    title = "Invitation not counted"
    message = (
        "An invitation counts once you received, and kept, an order of {yuan} or more,"
        " for somebody who was here before you."
    )


class ProofToComeError(ShopError):
    type, status = "proof-to-come", 409
    title = "Not in the log yet"
    message = "This entry will be in the public log within a minute of being accepted. Your receipt promises it."


class OnlyForTrialsError(ShopError):
    type, status = "only-for-trials", 409
    title = "Only for trying out"
    message = (
        "The test beacon would decide this draw, and anybody can compute its rounds: it can be opened only in a shop"
        " that is for trying out. Set MINGSUAN_DRAW_CHAIN=quicknet and write the draw down again."
    )
