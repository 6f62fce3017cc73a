"""Mail and webhook: what goes over the wire, and how each way of going wrong is understood."""

import asyncio
import contextlib
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from email import message_from_bytes
from pathlib import Path

import httpx
import pytest

from mingsuan.settings import Settings
from transactional.notices.senders.configured import senders
from transactional.notices.senders.console import Outbox
from transactional.notices.senders.interface import Message, NotSentError, UnclearError
from transactional.notices.senders.mail import Smtp, composed
from transactional.notices.senders.webhook import Webhook
from transactional.payments.gateways.configured import ConfigurationError

pytestmark = pytest.mark.anyio
MAIL = Message("notice-1", "email", "li@example.com", "zh_CN", "订单已交付", "正文\n", "delivered", {}, "<p>正文</p>")
TEXT = Message("code-1", "sms", "+8613800138000", "zh_CN", "验证码", "验证码 482913", "code", {"code": "482913"})
SECRET = b"a-secret-of-sixteen"


@contextlib.asynccontextmanager
async def mail_server(answers: dict[str, str]) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A server that answers each verb as it is told, "drop" by hanging up; its port and the mails it took."""
    mails: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line.split()[0].decode().upper()
            if verb == "DATA":
                writer.write(b"354 go on\r\n")
                mails.append(await reader.readuntil(b"\r\n.\r\n"))
            answer = answers.get(verb, "250 fine")
            if answer == "drop":
                break
            writer.write(f"{answer}\r\n".encode())
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()
        ended.set()

    ended = asyncio.Event()
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1], mails
        if mails or answers:
            await asyncio.wait_for(ended.wait(), 5)


def smtp(port: int) -> Smtp:
    place = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"}
    return Smtp(Settings(mail_from="明算 <shop@shop.example>", **place), None)  # type: ignore[arg-type]


@pytest.mark.enable_socket
async def test_a_mail_arrives_in_both_forms_under_its_own_number() -> None:
    async with mail_server({}) as (port, mails):
        assert await smtp(port).send(MAIL) == "<notice-1@shop.example>"
    mail = message_from_bytes(mails[0])
    assert mail["Message-ID"] == "<notice-1@shop.example>"
    assert mail["To"] == "li@example.com"
    parts = [part.get_content_type() for part in mail.walk()]
    assert parts == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("answers", "temporary"),
    [
        ({"RCPT": "550 no such person"}, False),
        ({"RCPT": "451 later"}, True),
        ({"DATA": "552 too much"}, False),
        ({"DATA": "451 later"}, True),
        ({"MAIL": "550 not you"}, False),
    ],
)
async def test_what_a_mail_server_refuses_was_certainly_not_sent(answers: dict[str, str], temporary: bool) -> None:
    async with mail_server(answers) as (port, _):
        with pytest.raises(NotSentError) as refused:
            await smtp(port).send(MAIL)
    assert refused.value.temporary is temporary
    assert "li@example.com" not in str(refused.value)


@pytest.mark.enable_socket
async def test_a_connection_that_breaks_after_the_mail_leaves_its_end_unclear() -> None:
    async with mail_server({"DATA": "drop"}) as (port, mails):
        with pytest.raises(UnclearError):
            await smtp(port).send(MAIL)
    assert len(mails) == 1


@pytest.mark.enable_socket
async def test_a_mail_server_that_is_away_was_certainly_not_reached() -> None:
    async with mail_server({}) as (port, _):
        pass
    with pytest.raises(NotSentError) as refused:
        await smtp(port).send(MAIL)
    assert refused.value.temporary


def test_an_address_with_a_line_break_makes_no_second_header() -> None:
    bent = Message("k", "email", "li@example.com\r\nBcc: all@example.com", "en", "T", "t", "paid")
    with pytest.raises(ValueError, match=r".+"):
        composed(bent, "shop@shop.example")


async def test_the_webhook_is_signed_as_the_page_says() -> None:
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={"id": "P-1"})

    assert await Webhook("https://sms.example/send", SECRET, httpx.MockTransport(take)).send(TEXT) == "P-1"
    [request] = seen
    signed = request.headers["x-mingsuan-timestamp"].encode() + b"." + request.content
    assert request.headers["x-mingsuan-signature"] == hmac.new(SECRET, signed, hashlib.sha256).hexdigest()
    assert request.headers["idempotency-key"] == json.loads(request.content)["request_id"] == "code-1"
    assert json.loads(request.content)["values"] == {"code": "482913"}


def broken(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("", request=request)


def away(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("", request=request)


@pytest.mark.parametrize(
    ("answer", "kind", "temporary"),
    [
        (lambda _: httpx.Response(400), NotSentError, False),
        (lambda _: httpx.Response(429), NotSentError, True),
        (lambda _: httpx.Response(503), NotSentError, True),
        (lambda _: httpx.Response(500), UnclearError, None),
        (lambda _: httpx.Response(302, headers={"location": "https://elsewhere.example"}), UnclearError, None),
        (broken, UnclearError, None),
        (away, NotSentError, True),
    ],
)
async def test_how_a_webhook_s_answer_is_understood(
    answer: Callable[[httpx.Request], httpx.Response], kind: type[Exception], temporary: bool | None
) -> None:
    with pytest.raises(kind) as caught:
        await Webhook("https://sms.example/send", SECRET, httpx.MockTransport(answer)).send(TEXT)
    assert getattr(caught.value, "temporary", None) is temporary


def test_a_sender_without_what_it_needs_is_refused_at_the_start(tmp_path: Path) -> None:
    short = tmp_path / "key"
    short.write_text("short\n")
    ways = {"var": tmp_path, "sms_sender": "webhook"}
    for given, setting in (
        ({}, "SMS_WEBHOOK_URL"),
        ({"sms_webhook_url": "https://x"}, "SMS_WEBHOOK_KEY_FILE"),
        ({"sms_webhook_url": "https://x", "sms_webhook_key_file": short}, "16 characters"),
        ({"sms_webhook_url": "https://x", "sms_webhook_key_file": tmp_path / "none"}, "cannot be read"),
    ):
        with pytest.raises(ConfigurationError, match=setting):
            senders(Settings(**ways, **given))  # type: ignore[arg-type]
    assert isinstance(senders(Settings(var=tmp_path))["sms"], Outbox)
