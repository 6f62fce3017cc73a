"""What the shop refuses, in words for people: each refusal has a stable type, a status and a sentence per language.

How a refusal travels (problem+json, HTML) belongs to the edges.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from mingsuan.i18n import translator

DOMAIN = "shop_errors"


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """Something wrong at one place of a request; `place` is a path such as `body.email`."""

    place: str
    reason: str
    values: tuple[tuple[str, object], ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence('en')}"

    def sentence(self, language: str) -> str:
        """The reason for people, in "zh_CN" or "en"."""
        return translator(language, DOMAIN)(self.reason).format(**dict(self.values))


class ShopError(Exception):
    """A refusal. Subclasses fix `type`, `status`, `title` and `message`; `values` fill the message's braces."""

    type: ClassVar[str] = "internal"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Something went wrong"
    message: ClassVar[str] = (
        "Something went wrong on our side. If you were paying, look at your orders before you try again."
    )

    def __init__(self, problems: Sequence[FieldProblem] = (), **values: object) -> None:
        super().__init__(self.message.format(**values))
        self.problems = tuple(problems)
        self.values = values

    def sentence(self, language: str) -> str:
        """The refusal for people, in "zh_CN" or "en"."""
        return translator(language, DOMAIN)(self.message).format(**self.values)

    def heading(self, language: str) -> str:
        """The short name of this kind of refusal."""
        return translator(language, DOMAIN)(self.title)


class InvalidInputError(ShopError):
    type, status = "invalid-input", 422
    title = "Invalid input"
    message = "Some of what you entered cannot be accepted; nothing was changed."


class NotFoundError(ShopError):
    type, status = "not-found", 404
    title = "Not found"
    message = "There is nothing here, or it is not yours to see."


class MethodNotAllowedError(ShopError):
    type, status = "method-not-allowed", 405
    title = "Method not allowed"
    message = "This address does not accept that kind of request."


class TooLargeError(ShopError):
    type, status = "too-large", 413
    title = "Too large"
    message = "The file or request is larger than {limit_mib} MiB; nothing was changed."


class NotLoggedInError(ShopError):
    type, status = "not-logged-in", 401
    title = "Not logged in"
    message = "Please log in first."


class WrongCredentialsError(ShopError):
    type, status = "wrong-credentials", 401
    title = "Log-in failed"
    message = "E-mail address and password do not match."


class NotAllowedError(ShopError):
    type, status = "not-allowed", 403
    title = "Not allowed"
    message = "Your role does not allow this."


class CrossSiteError(ShopError):
    type, status = "cross-site-request", 403
    title = "Request from elsewhere"
    message = "This request did not come from a page of this shop, so it was refused."


class EmailTakenError(ShopError):
    type, status = "email-taken", 409
    title = "E-mail address in use"
    message = "This e-mail address already has an account; please log in."


class NameTakenError(ShopError):
    type, status = "name-taken", 409
    title = "Name in use"
    message = "“{name}” is already in use."


class UnavailableProductError(ShopError):
    type, status = "unavailable-product", 409
    title = "Not for sale"
    message = "This product is not for sale at the moment. Nothing was charged."


class PriceChangedError(ShopError):
    type, status = "price-changed", 409
    title = "Price changed"
    message = "The price changed while you were looking. Nothing was charged; please look at the new price."


class OutOfStockError(ShopError):
    type, status = "out-of-stock", 409
    title = "Out of stock"
    message = "There are not enough codes in stock for this order. Nothing was charged."


class InsufficientBalanceError(ShopError):
    """`balance_fen` and `needed_fen` are for the edges; the sentence names no amounts."""

    type, status = "insufficient-balance", 409
    title = "Balance too low"
    message = "Your wallet balance does not cover this order. Nothing was charged."


class MissingIdempotencyKeyError(ShopError):
    type, status = "missing-idempotency-key", 400
    title = "Idempotency-Key is missing"
    message = "Send an Idempotency-Key header of 1 to 200 visible characters with this request."


class IdempotencyKeyReusedError(ShopError):
    type, status = "idempotency-key-reused", 422
    title = "Sent before with other contents"
    message = "This was sent before with other contents; nothing was changed now. Reload and try again."


class RefusedFileError(ShopError):
    type, status = "refused-file", 422
    title = "File refused"
    message = "The file was refused whole; nothing was written."


class NotReadyError(ShopError):
    type, status = "not-ready", 503
    title = "Not ready"
    message = "The shop is not ready to answer; please try again in a moment."
