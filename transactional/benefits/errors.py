"""What the benefits refuse."""

from transactional.errors import ShopError


class NotActivatableError(ShopError):
    type, status = "not-activatable", 409
    title = "Cannot be activated"
    message = "This benefit cannot be activated at a provider, or no longer. Nothing was changed."


class ActivationUnderWayError(ShopError):
    type, status = "activation-under-way", 409
    title = "Waiting for the provider"
    message = (
        "The provider has this benefit and has not confirmed it yet. We keep asking; please do not activate it twice."
    )


class SeveralProvidersError(ShopError):
    type, status = "several-providers", 409
    title = "Different providers"
    message = "These benefits belong to different providers. Activate them one provider at a time."


class NotUsableError(ShopError):
    type, status = "benefit-not-usable", 409
    title = "Cannot be marked"
    message = "A benefit in this state cannot be marked as used. Nothing was changed."


class TicketRefusedError(ShopError):
    """For providers: the ticket is unknown, spent, over, or its benefits are nobody's to activate any more."""

    type, status = "ticket-refused", 409
    title = "Ticket refused"
    message = "This ticket cannot be used (any more). Send the customer back to the shop."


class RefusedSignatureError(ShopError):
    type, status = "refused-signature", 401
    title = "Signature refused"
    message = "The message is not signed as agreed, or its time is too far from ours."
