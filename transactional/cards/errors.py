"""What the card pool refuses."""

from transactional.errors import ShopError


class TooManyRevealsError(ShopError):
    """`retry_after_seconds` says when the next code can be shown."""

    type, status = "too-many-reveals", 429
    title = "Too many codes shown"
    message = "You have had many codes shown within an hour; please wait a while before you show the next one."
