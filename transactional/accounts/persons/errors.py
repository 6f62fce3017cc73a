"""What is refused around a person's own data."""

from transactional.errors import ShopError


class PhoneTakenError(ShopError):
    """`set_phone` raises it; an edge that talks to somebody unproven must not pass it on."""

    type, status = "phone-taken", 409
    title = "Phone number in use"
    message = "This phone number already has an account."


class TooManyAddressesError(ShopError):
    type, status = "too-many-addresses", 409
    title = "Too many addresses"
    message = "There are {count} addresses already; please remove one first."


class IdentityTakenError(ShopError):
    type, status = "identity-taken", 409
    title = "Identity in use"
    message = (
        "This identity cannot be used for this account; one person can verify one account. Please ask us for help."
    )


class SameContactError(ShopError):
    type, status = "same-contact", 409
    title = "Nothing to change"
    message = "Your account has this address or number already."


class NotErasableError(ShopError):
    type, status = "not-erasable", 409
    title = "Not possible yet"
    message = "Something is still open, so the account cannot be deleted yet; nothing was changed."


class WrongOwnPasswordError(ShopError):
    type, status = "wrong-own-password", 422
    title = "Wrong password"
    message = "This is not your password; nothing was changed."
