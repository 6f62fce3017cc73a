"""What wallets refuse, in words for people."""

from transactional.errors import ShopError


class TopUpNotAllowedError(ShopError):
    type, status = "top-up-not-allowed", 409
    title = "No top-ups here"
    message = "This shop's wallet cannot be topped up: it holds refunds and credits of the shop. Nothing was charged."


class TopUpEndedError(ShopError):
    type, status = "top-up-ended", 409
    title = "Top-up ended"
    message = "This top-up was paid or its time is over. Nothing was charged; begin a new one."


class WithdrawalTooLargeError(ShopError):
    type, status = "withdrawal-too-large", 409
    title = "More than can be withdrawn"
    message = "Only {largest} can be withdrawn at the moment. Nothing was changed."


class NameDiffersError(ShopError):
    type, status = "name-differs", 409
    title = "Not your own account"
    message = "The account must be in the name that was verified for you. Nothing was changed."


class WrongPasswordError(ShopError):
    type, status = "wrong-password", 403
    title = "Not confirmed"
    message = "The password is not right, so nothing was changed. Your money is where it was."


class WithdrawalDecidedError(ShopError):
    type, status = "withdrawal-decided", 409
    title = "Already decided"
    message = "This withdrawal was decided or has ended before; nothing was changed."


class BankReferenceUsedError(ShopError):
    type, status = "bank-reference-used", 409
    title = "Reference recorded before"
    message = "This reference of the bank belongs to another withdrawal: it would be paid twice in the books."


class NoContactError(ShopError):
    type, status = "no-proven-contact", 409
    title = "Nowhere to send a code"
    message = "There is no proven phone number or e-mail address to send a code to. Please confirm with your password."
