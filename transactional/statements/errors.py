"""What the inbox refuses beside what the slices refuse."""

from transactional.errors import ShopError


class MisplacedFileError(ShopError):
    type, status = "misplaced-file", 422
    title = "In no folder of the inbox"
    message = "A file belongs into KIND/SENDER/ of the inbox; kinds are {kinds}."


class UnknownChannelError(ShopError):
    type, status = "unknown-channel", 422
    title = "Unknown channel"
    message = "No channel has the code “{name}”."
