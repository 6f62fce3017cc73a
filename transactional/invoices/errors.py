"""What invoices refuse, in words for people."""

from transactional.errors import ShopError


class NotInvoiceableError(ShopError):
    type, status = "not-invoiceable", 409
    title = "No invoice for this"
    message = "One of these orders is not paid, is refunded, too old, or has an invoice already. Nothing was asked for."


class InvoiceDecidedError(ShopError):
    type, status = "invoice-decided", 409
    title = "Already decided"
    message = "This invoice was decided before or is not in the state for this; nothing was changed."


class InvoiceAmountChangedError(ShopError):
    type, status = "invoice-amount-changed", 409
    title = "Amount has changed"
    message = "Part of these orders was refunded since: look at the new amount before you issue. Nothing was recorded."


class InvoiceNumberUsedError(ShopError):
    type, status = "invoice-number-used", 409
    title = "Number recorded before"
    message = "This number belongs to another invoice; nothing was recorded."


class NotAnInvoiceFileError(ShopError):
    type, status = "not-an-invoice-file", 422
    title = "Not an invoice's file"
    message = "Only PDF and OFD files of up to 2 MB can be an invoice's file; nothing was recorded."
