"""What a case refuses, in words for people."""

from transactional.errors import ShopError


class CaseRefusedError(ShopError):
    """No case is opened: `problems` name each unit and why."""

    type, status = "case-refused", 409
    title = "Not possible for these units"
    message = "The refund rule does not allow this for what you chose. Nothing was sent."


class CaseMovedOnError(ShopError):
    type, status = "case-moved-on", 409
    title = "Case has moved on"
    message = "Something happened in this case meanwhile, so nothing was done. Look at it again."


class CaseClosedError(ShopError):
    type, status = "case-closed", 409
    title = "Case is closed"
    message = "This case is closed already; nothing was changed."


class NotReplaceableError(ShopError):
    type, status = "not-replaceable", 409
    title = "Cannot be replaced"
    message = "Only a delivered code that is not being refunded can be replaced. Nothing was changed."


class EvidenceRefusedError(ShopError):
    type, status = "evidence-refused", 422
    title = "File not accepted"
    message = "Send a picture (JPEG, PNG, WebP) or a PDF without active content, of at most 5 MB. Nothing was attached."


class TooMuchEvidenceError(ShopError):
    type, status = "too-much-evidence", 409
    title = "Too many files"
    message = "A case holds at most {most} files. Nothing was attached."


class TooManyRequestsError(ShopError):
    type, status = "too-many-requests-for-help", 429
    title = "Too many requests"
    message = "You have sent very many requests or messages within a day. Please wait for our answer."
