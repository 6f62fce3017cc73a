"""Mail over SMTP. The Message-ID is the message's key: a mail that is sent twice is recognised as the same."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

import aiosmtplib
from aiosmtplib import errors

from mingsuan import clock
from mingsuan.settings import Settings
from transactional.notices.rules import SEND_S
from transactional.notices.senders.interface import Message, NotSentError, UnclearError


class Smtp:
    """One connection a mail. Certificates are always checked."""

    def __init__(self, settings: Settings, password: str | None) -> None:
        self._settings = settings
        self._password = password

    async def send(self, message: Message) -> str:
        mail = composed(message, self._settings.mail_from)
        try:
            await aiosmtplib.send(
                mail,
                hostname=self._settings.smtp_host,
                port=self._settings.smtp_port,
                username=self._settings.smtp_user or None,
                password=self._password,
                use_tls=self._settings.smtp_security == "tls",
                start_tls=self._settings.smtp_security == "starttls",
                timeout=SEND_S,
            )
        except errors.SMTPRecipientsRefused as error:
            temporary = any(refused.code < 500 for refused in error.recipients)
            raise NotSentError("the address was refused", temporary=temporary) from None
        except errors.SMTPAuthenticationError:
            raise NotSentError("the mail server refused our log-in", temporary=True) from None
        except errors.SMTPConnectError:
            raise NotSentError("the mail server could not be reached", temporary=True) from None
        except errors.SMTPResponseException as error:
            raise NotSentError(f"the mail server answered {error.code}", temporary=error.code < 500) from None
        except (errors.SMTPException, OSError) as error:
            raise UnclearError(type(error).__name__) from None
        return str(mail["Message-ID"])

    async def aclose(self) -> None:
        """There is nothing to end."""


def composed(message: Message, sender: str) -> EmailMessage:
    """The mail: plain text, and HTML beside it when there is some."""
    name, address = parseaddr(sender)
    mail = EmailMessage()
    mail["From"] = Address(name, addr_spec=address)
    mail["To"] = Address(addr_spec=message.target)
    mail["Subject"] = message.title
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{message.key}@{address.partition('@')[2] or 'localhost'}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = message.language.replace("_", "-")
    mail.set_content(message.text)
    if message.html:
        mail.add_alternative(message.html, subtype="html")
    return mail
