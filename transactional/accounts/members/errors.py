"""What staff are refused when they come in, and what the owner is refused in their regard."""

from transactional.errors import ShopError


class WrongSecondFactorError(ShopError):
    type, status = "wrong-second-factor", 401
    title = "Code not accepted"
    message = "This code is wrong or was used already. Wait for the next one in your authenticator and enter that."


class SecondFactorNeededError(ShopError):
    """The password was right."""

    type, status = "second-factor-needed", 403
    title = "A second factor is needed"
    message = "This log-in needs the code of an authenticator beside the password."


class ConfirmationNeededError(ShopError):
    type, status = "confirmation-needed", 403
    title = "Confirm that it is you"
    message = "For this, enter your password again at /desk/confirm. Nothing was changed."


class WrongInvitationError(ShopError):
    type, status = "wrong-invitation", 401
    title = "Code not accepted"
    message = "This code is wrong, was used already or has expired. Ask for a new one."


class LastOwnerError(ShopError):
    type, status = "last-owner", 409
    title = "Last owner"
    message = "The shop needs at least one owner who can log in. Nothing was changed."


class OwnRoleError(ShopError):
    type, status = "own-role", 409
    title = "Not for yourself"
    message = "Nobody changes their own role or switches themselves off; another owner has to. Nothing was changed."


class SetUpDoneError(ShopError):
    type, status = "set-up-done", 409
    title = "Already set up"
    message = "This shop has an owner already. Ask the owner for a log-in."


class TwoStepRequiredError(ShopError):
    type, status = "two-step-required", 409
    title = "Two-step log-in is required"
    message = "Your role needs the second step, so it cannot be switched off. Nothing was changed."
