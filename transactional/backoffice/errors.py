"""What the desk refuses beside the slices' own refusals."""

from transactional.errors import ShopError


class OrderChangedError(ShopError):
    """Something was done to the order after the form was shown: in another tab, by a colleague, by a gateway."""

    type, status = "order-changed", 409
    title = "Order has changed"
    message = (
        "This order changed after the page was shown, so nothing was done. Look at it as it is now, then decide again."
    )


class TooManyRowsError(ShopError):
    """`most` rows fit into one file of that kind."""

    type, status = "too-many-rows", 409
    title = "Too many rows"
    message = "A file holds at most {most} rows. Narrow the filters, for instance to fewer days; nothing was exported."


class JobNotFailedError(ShopError):
    type, status = "job-not-failed", 409
    title = "Job has not failed"
    message = "Only a job that failed can be tried again; this one waits, runs or is done. Nothing was changed."


class ReasonNeededError(ShopError):
    type, status = "reason-needed", 422
    title = "Reason is missing"
    message = "Say in a few words why; it is kept on record. Nothing was done."


class NotThatFileError(ShopError):
    """What is to be imported is not what was looked over: another file, or other terms."""

    type, status = "not-that-file", 409
    title = "Not the file that was checked"
    message = (
        "The file, or what is said about it, is not what was checked, so nothing was imported. "
        "Look at the check below, then import."
    )
