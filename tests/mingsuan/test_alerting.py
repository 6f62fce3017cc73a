"""The sinks of alerts: what goes over the wire, how each failure is understood, what settings are refused."""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import httpx
import pytest

from mingsuan import clock
from mingsuan.alert_notes import AlertNote, AlertSettingsError, Letter, NotToldError, key_of
from mingsuan.alerting import LogSink, WebhookSink, sinks, wants
from mingsuan.settings import Settings
from tests.transactional.notices.test_senders import mail_server

pytestmark = pytest.mark.anyio
AT = datetime(2026, 11, 22, 4, tzinfo=UTC)
NOTE = AlertNote(
    "a:raised:warning", "cost_inversion", "offer:1", "warning", "倒挂", "现报价 ¥52.00", "https://x/desk", AT
)
LETTER = Letter("【警告】倒挂", "现报价 ¥52.00\n")
SECRET = b"a-secret-of-sixteen"


def webhook(answer: Callable[[httpx.Request], httpx.Response]) -> WebhookSink:
    return WebhookSink("https://alerts.example/in", SECRET, "warning", httpx.MockTransport(answer))


async def test_a_webhook_gets_all_of_it_signed_and_under_one_key() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(204)

    with clock.at(AT):
        for _ in range(2):
            await webhook(answer).tell([NOTE, replace(NOTE, key="b", ended_at=AT)], LETTER)
    first, second = seen
    stamp = first.headers["X-Mingsuan-Timestamp"]
    assert stamp == "1795320000"  # 2026-11-22 04:00 UTC, by `date -u -d @1795320000`
    expected = hmac.new(SECRET, f"{stamp}.".encode() + first.content, hashlib.sha256).hexdigest()
    assert first.headers["X-Mingsuan-Signature"] == expected
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"]
    told = json.loads(first.content)
    assert told["title"] == "【警告】倒挂"
    assert [each["ended_at"] for each in told["alerts"]] == [None, "2026-11-22T04:00:00+00:00"]


@pytest.mark.parametrize(
    ("status", "outcome"), [(400, "refused"), (403, "refused"), (500, "unknown"), (302, "unknown")]
)
async def test_what_a_webhook_answers_decides_whether_it_was_told(status: int, outcome: str) -> None:
    with pytest.raises(NotToldError) as error:
        await webhook(lambda _: httpx.Response(status)).tell([NOTE], LETTER)
    assert error.value.outcome == outcome


@pytest.mark.parametrize(
    ("fault", "outcome"), [(httpx.ConnectError("x"), "refused"), (httpx.ReadTimeout("x"), "unknown")]
)
async def test_a_webhook_that_does_not_answer(fault: Exception, outcome: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise fault

    with pytest.raises(NotToldError) as error:
        await webhook(answer).tell([NOTE], LETTER)
    assert error.value.outcome == outcome


@pytest.mark.enable_socket
async def test_a_mail_arrives_at_every_address_and_says_that_it_is_automatic() -> None:
    async with mail_server({}) as (port, mails):
        [_, sink] = sinks(smtp(port))
        await sink.tell([NOTE], LETTER)
    mail = message_from_bytes(mails[0], policy=policy.default)
    assert mail["To"] == "owner@shop.example, buyer@shop.example"
    assert mail["Subject"] == "【警告】倒挂"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{key_of([NOTE])}@shop.example>"
    assert "现报价 ¥52.00" in mail.get_content()


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("verb", "said", "outcome"), [("RCPT", "550 no", "refused"), ("MAIL", "421 later", "refused"), ("QUIT", "", "")]
)
async def test_a_mail_server_that_says_no(verb: str, said: str, outcome: str) -> None:
    async with mail_server({verb: said} if said else {}) as (port, _):
        [_, sink] = sinks(smtp(port))
        if outcome:
            with pytest.raises(NotToldError) as error:
                await sink.tell([NOTE], LETTER)
            assert error.value.outcome == outcome
        else:
            await sink.tell([NOTE], LETTER)


async def test_the_log_has_a_line_for_each_graver_ones_louder(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "mingsuan.alerts"):
        await LogSink().tell([NOTE, replace(NOTE, severity="critical"), replace(NOTE, ended_at=AT)], LETTER)
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    raised = "alert raised cost_inversion"
    assert lines == [("WARNING", raised), ("ERROR", raised), ("INFO", "alert over cost_inversion")]


def test_a_sink_wants_what_is_as_grave_or_graver() -> None:
    sink = webhook(lambda _: httpx.Response(204))
    assert [wants(sink, each) for each in ("info", "warning", "critical")] == [False, True, True]


def test_sinks_without_what_they_need_are_refused_by_name(tmp_path: Path) -> None:
    short = tmp_path / "key"
    short.write_bytes(b"short")
    url = "https://alerts.example"
    for settings, words in (
        (Settings(alert_mail_to="owner at shop"), "MINGSUAN_ALERT_MAIL_TO"),
        (Settings(alert_webhook_url=url), "MINGSUAN_ALERT_WEBHOOK_KEY_FILE"),
        (Settings(alert_webhook_url=url, alert_webhook_key_file=tmp_path / "none"), "cannot be read"),
        (Settings(alert_webhook_url=url, alert_webhook_key_file=short), "16 characters"),
        (Settings(alert_mail_to="a@b.example", mail_sender="smtp", smtp_user="u"), "MINGSUAN_SMTP_PASSWORD_FILE"),
    ):
        with pytest.raises(AlertSettingsError, match=words):
            sinks(settings)
    assert [sink.name for sink in sinks(Settings())] == ["log"]


def smtp(port: int) -> Settings:
    place = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none", "mail_sender": "smtp"}
    to = "owner@shop.example, buyer@shop.example"
    return Settings(mail_from="明算 <shop@shop.example>", alert_mail_to=to, **place)  # type: ignore[arg-type]
