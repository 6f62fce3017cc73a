"""Alerts by e-mail: one mail for all that is new, over SMTP, or into the outbox of a shop without a mail server."""

import json
import os
from collections.abc import Awaitable, Callable, Sequence
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from pathlib import Path

import aiosmtplib

from mingsuan import clock
from mingsuan.alert_notes import AlertNote, AlertSettingsError, Letter, NotToldError, Severity, key_of
from mingsuan.settings import Settings

SEND_S = 15.0


class MailSink:
    """One mail for all that is new. `post` sends a composed mail, or raises NotToldError."""

    name = "email"

    def __init__(
        self, sender: str, to: Sequence[str], least: Severity, post: Callable[[EmailMessage], Awaitable[None]]
    ) -> None:
        self._sender, self._to, self.least, self._post = sender, tuple(to), least, post

    async def tell(self, alerts: Sequence[AlertNote], letter: Letter) -> None:
        await self._post(self._composed(alerts, letter))

    async def aclose(self) -> None:
        """There is nothing to end."""

    def _composed(self, alerts: Sequence[AlertNote], letter: Letter) -> EmailMessage:
        name, address = parseaddr(self._sender)
        mail = EmailMessage()
        mail["From"] = Address(name, addr_spec=address)
        mail["To"] = [Address(addr_spec=each) for each in self._to]
        mail["Subject"] = letter.title
        mail["Date"] = format_datetime(clock.now())
        mail["Message-ID"] = f"<{key_of(alerts)}@{address.partition('@')[2] or 'localhost'}>"
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(letter.text)
        return mail


def mail_sink(settings: Settings) -> MailSink:
    """To the addresses of the settings. Raises AlertSettingsError."""
    to = [each.strip() for each in settings.alert_mail_to.split(",") if each.strip()]
    if any("@" not in each or not each.isascii() or " " in each for each in to):
        raise AlertSettingsError("MINGSUAN_ALERT_MAIL_TO must be e-mail addresses with commas between them")
    password = None
    if settings.mail_sender == "smtp" and settings.smtp_user:
        password = secret_of("smtp_password_file", settings.smtp_password_file).decode()

    async def by_smtp(mail: EmailMessage) -> None:
        await _sent(mail, settings, password)

    async def into_outbox(mail: EmailMessage) -> None:
        _kept(mail, settings.outbox_dir)

    return MailSink(
        settings.mail_from, to, settings.alert_least, by_smtp if settings.mail_sender == "smtp" else into_outbox
    )


async def _sent(mail: EmailMessage, settings: Settings, password: str | None) -> None:
    try:
        await aiosmtplib.send(
            mail,
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_user or None,
            password=password,
            use_tls=settings.smtp_security == "tls",
            start_tls=settings.smtp_security == "starttls",
            timeout=SEND_S,
        )
    except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as error:
        raise NotToldError("refused", type(error).__name__) from None
    except (aiosmtplib.SMTPException, OSError) as error:
        raise NotToldError("unknown", type(error).__name__) from None


def _kept(mail: EmailMessage, folder: Path) -> None:
    """As a file that `mingsuan outbox` shows, readable by its owner only."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    key = str(mail["Message-ID"]).strip("<>").partition("@")[0]
    if any(folder.glob(f"*-{key}.json")):
        return
    at = clock.now()
    about = {"channel": "email", "target": str(mail["To"]), "title": str(mail["Subject"]), "text": mail.get_content()}
    file = folder / f"{at:%Y%m%dT%H%M%S%f}-{key}.json"
    draft = file.with_suffix(".draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as opened:
        json.dump({"at": at.isoformat(), "key": key, **about}, opened, ensure_ascii=False)
    draft.replace(file)


def secret_of(setting: str, file: Path | None) -> bytes:
    """What a file of the settings holds. Raises AlertSettingsError."""
    if file is None:
        raise AlertSettingsError(f"MINGSUAN_{setting.upper()} is not set")
    try:
        return file.read_bytes().strip()
    except OSError as error:
        message = f"MINGSUAN_{setting.upper()} names a file that cannot be read: {error.strerror}"
        raise AlertSettingsError(message) from None
