"""What a channel's fields and protocols are called, in the reader's language. Pure."""

from mingsuan.i18n import Translator


def protocol_texts(_: Translator) -> dict[str, str]:
    """By protocol."""
    return {
        "fulu": _("Fulu open platform"),
        "hmac_card": _("Card shop with signed API"),
        "reloadly": _("Reloadly gift cards"),
        "own_pool": _("The shop's own codes"),
        "manual": _("Bought by people"),
    }


def field_texts(_: Translator) -> dict[str, str]:
    """By name of a credential or option of `configured`."""
    return {
        "app_key": _("App key"),
        "app_secret": _("App secret (32 characters)"),
        "key_id": _("Key id"),
        "secret": _("Secret"),
        "client_id": _("Client id"),
        "client_secret": _("Client secret"),
        "webhook_secret": _("Webhook secret"),
        "currency": _("Currency of its prices, such as CNY"),
        "not_found_final_s": _("Seconds after which “not found” is final"),
        "file_host": _("Host of statement files, if another than the address"),
        "auth_url": _("Log-in address"),
        "audience": _("Audience"),
        "sender_name": _("Sender's name on orders"),
        "range_values": _("Face values of ranged goods, with commas between them"),
    }
