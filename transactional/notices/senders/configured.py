"""The senders that the settings choose, one a channel."""

from pathlib import Path

from mingsuan.settings import Settings
from transactional.notices.senders.console import Outbox
from transactional.notices.senders.interface import Sender
from transactional.notices.senders.mail import Smtp
from transactional.notices.senders.webhook import Webhook
from transactional.payments.gateways.configured import ConfigurationError

SHORTEST_SECRET = 16


def senders(settings: Settings) -> dict[str, Sender]:
    """By channel. Raises ConfigurationError for a sender that is chosen without what it needs."""
    outbox = Outbox(settings.outbox_dir)
    return {
        "email": _mail(settings) if settings.mail_sender == "smtp" else outbox,
        "sms": _webhook(settings) if settings.sms_sender == "webhook" else outbox,
    }


def _mail(settings: Settings) -> Sender:
    password = None
    if settings.smtp_user:
        password = _secret("smtp_password_file", settings.smtp_password_file).decode()
    return Smtp(settings, password)


def _webhook(settings: Settings) -> Sender:
    if not settings.sms_webhook_url:
        raise ConfigurationError("sms_webhook_url", "is not set")
    secret = _secret("sms_webhook_key_file", settings.sms_webhook_key_file)
    if len(secret) < SHORTEST_SECRET:
        raise ConfigurationError("sms_webhook_key_file", f"must name a file of at least {SHORTEST_SECRET} characters")
    return Webhook(settings.sms_webhook_url, secret)


def _secret(setting: str, file: Path | None) -> bytes:
    if file is None:
        raise ConfigurationError(setting, "is not set")
    try:
        return file.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(setting, f"names a file that cannot be read: {error.strerror}") from None
