"""What the ways in refuse; none of them tells whether somebody has an account."""

from transactional.errors import ShopError


class TooManyTriesError(ShopError):
    """`retry_after_seconds` is when the next try may come."""

    type, status = "too-many-tries", 429
    title = "Too many tries"
    message = "There were too many tries. Please wait {retry_after_seconds} seconds and try again."


class CrowdedError(ShopError):
    """More passwords wait to be checked than can be; `retry_after_seconds` is a fair guess."""

    type, status = "crowded", 503
    title = "Very busy"
    message = "Many people are logging in at this moment. Please try again in {retry_after_seconds} seconds."


class WrongCodeError(ShopError):
    type, status = "wrong-code", 422
    title = "Code not accepted"
    message = "This code is wrong, was used already or has expired. Please check it, or ask for a new one."


class CodeNeededError(ShopError):
    """The password alone does not do for this browser at the moment, right or wrong."""

    type, status = "code-needed", 403
    title = "A code is needed"
    message = (
        "There were many wrong tries for this account, so a new device needs a code that we send you. "
        "Your account is safe; devices that you used before go on as always."
    )


class ConsentNeededError(ShopError):
    type, status = "consent-needed", 422
    title = "Agreement is missing"
    message = "Please read and agree to the user agreement and the privacy policy. Nothing was created."
