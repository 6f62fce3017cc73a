"""Messages as they go out: of a notice to whoever it is for, of a one-time code."""

from mingsuan.settings import Settings
from transactional.notices import texts
from transactional.notices.links import PREFERENCES
from transactional.notices.models import CodeMessage, Notice
from transactional.notices.reaching import Reach
from transactional.notices.sealing import Opened
from transactional.notices.senders.interface import Channel, Message
from transactional.notices.texts import Said
from transactional.payments.addresses import public_url
from transactional.web.templating import environment


def notice_message(notice: Notice, reach: Reach, settings: Settings, currency: str) -> Message:
    """Plain text and HTML as a mail, one line as a text message."""
    said = texts.said(notice.kind, notice.subject, notice.values, reach.language, currency)
    url = public_url(settings) + said.link
    as_mail = reach.channel == "email"
    return Message(
        key=f"notice-{notice.public_id.hex}",
        channel=reach.channel,
        target=reach.target,
        language=reach.language,
        title=said.title,
        text=_mail_text(said, url, reach.language, settings) if as_mail else f"{said.title} {url}",
        template=notice.kind,
        values={"title": said.title, "url": url, **dict(said.facts)},
        html=_mail_html(said, url, reach.language, settings) if as_mail else None,
    )


def code_message(message: CodeMessage, opened: Opened) -> Message:
    """The code stands in the text only, never in a mail's subject."""
    channel: Channel = "email" if message.channel == "email" else "sms"
    return Message(
        key=f"code-{message.public_id.hex}",
        channel=channel,
        target=opened.target,
        language=message.language,
        title=texts.phrase(texts.CODE_TITLE, message.language),
        text=texts.code_text(message.purpose, opened.code, message.minutes, message.language),
        template="code",
        values={"code": opened.code, "minutes": str(message.minutes), "purpose": message.purpose},
    )


def _mail_text(said: Said, url: str, language: str, settings: Settings) -> str:
    facts = [f"{label}: {value}" if language == "en" else f"{label}：{value}" for label, value in said.facts]
    why = f"{texts.phrase(texts.WHY_MAIL, language)} {public_url(settings)}{PREFERENCES}"
    parts = [said.text, "\n".join(facts), url, f"-- \n{texts.phrase(texts.SHOP, language)}\n{why}"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _mail_html(said: Said, url: str, language: str, settings: Settings) -> str:
    template = environment(language).get_template("notices/mail.html")
    return template.render(
        html_language=language.replace("_", "-"),
        said=said,
        url=url,
        open_text=texts.phrase(texts.OPEN, language),
        shop_name=texts.phrase(texts.SHOP, language),
        why=texts.phrase(texts.WHY_MAIL, language),
        preferences_url=public_url(settings) + PREFERENCES,
    )
