"""What the ledger refuses."""

from transactional.errors import ShopError


class MonthNotEndedError(ShopError):
    type, status = "month-not-ended", 409
    title = "Month has not ended"
    message = "{month} has not ended yet; only whole months can be closed."


class MonthOutOfOrderError(ShopError):
    """`expected` is the only month that can be closed next."""

    type, status = "month-out-of-order", 409
    title = "Months are closed in order"
    message = "The next month to close is {expected}, not {month}."


class NothingToCloseError(ShopError):
    type, status = "nothing-to-close", 409
    title = "Nothing to close"
    message = "Nothing has been posted yet, so there is no month to close."


class TooLongForSheetError(ShopError):
    type, status = "too-long-for-sheet", 409
    title = "Too long for a spreadsheet"
    message = "{month} has more entries than an XLSX sheet has rows; please take the CSV file."


class LedgerBusyError(ShopError):
    type, status = "ledger-busy", 409
    title = "Ledger is busy"
    message = "A long posting, such as an import, is under way; please try again when it has ended. Nothing was closed."
