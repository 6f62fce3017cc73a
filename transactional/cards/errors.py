"""What the card pool refuses."""

from transactional.errors import ShopError


class TooManyRevealsError(ShopError):
    """`retry_after_seconds` says when the next code can be shown."""

    type, status = "too-many-reveals", 429
    title = "Too many codes shown"
    message = "You have had many codes shown within an hour; please wait a while before you show the next one."


class WrongKindError(ShopError):
    type, status = "wrong-kind-of-product", 409
    title = "Wrong kind of product"
    message = "“{sku}” is not sold from stock of this kind; nothing was changed."


class NoReplacementError(ShopError):
    type, status = "no-replacement", 409
    title = "No other code in stock"
    message = "No other code of this product is free. Import codes and report it again, or refund the unit first."


class NotInStockError(ShopError):
    type, status = "not-in-stock", 409
    title = "Not in stock"
    message = "This is sold, written off or reported already; nothing was changed."
