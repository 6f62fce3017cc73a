"""What advertising statements refuse beside the shop's common refusals."""

from transactional.errors import ShopError


class UnknownPlatformError(ShopError):
    type, status = "unknown-platform", 422
    title = "Unknown platform"
    message = "No advertising platform is called “{name}”. Known are {known}."


class SpendOfOtherPlatformError(ShopError):
    type, status = "statement-of-other-platform", 409
    title = "Stored for another platform"
    message = "The same file is stored already as a statement of “{code}”."
