"""The simulated courier and mailbox against the shop's own adapters: what one says, the other understands."""

import json
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from mingsuan import clock
from simulation import courier, mailbox
from simulation.courier import CUSTOMER, Courier
from simulation.mailbox import Mailbox
from transactional.logistics.kuaidi_words import is_authentic, report_of, result_of_callback
from transactional.logistics.rules import after, standing
from transactional.logistics.tracker import Kuaidi
from transactional.notices.senders.console import Outbox
from transactional.notices.senders.interface import Message, NotSentError
from transactional.notices.senders.webhook import Webhook
from transactional.payments.gateways.interface import GatewayRefusedError

pytestmark = pytest.mark.anyio
KEY = "0123456789abcdef"
MESSAGE = Message(
    "code-1",
    "sms",
    "+8613800138000",
    "zh_CN",
    "您的验证码",
    "验证码 482913",
    "code",
    {"code": "482913", "minutes": "10"},
)


def asking(service: Courier, key: str = KEY) -> Kuaidi:
    app = FastAPI()
    app.include_router(courier.router(service))
    return Kuaidi("http://there/courier", CUSTOMER, key, httpx.ASGITransport(app))


async def test_a_parcel_is_followed_from_nothing_to_its_end() -> None:
    service, at = Courier(KEY), clock.now()
    tracker = asking(service)
    assert await tracker.query("shunfeng", "SF1234561", "8000") is None
    states = []
    for minute in range(1, 7):
        service.now = lambda minute=minute: at + timedelta(minutes=minute, seconds=1)  # type: ignore[misc]
        report = await tracker.query("shunfeng", "SF1234561", "8000")
        assert report is not None
        states.append((report.state, len(report.events)))
    assert states == [
        ("collected", 1),
        ("in_transit", 2),
        ("in_transit", 3),
        ("delivering", 4),
        ("signed", 5),
        ("signed", 5),
    ]
    await tracker.aclose()


async def test_a_wrong_key_a_missing_phone_and_an_unknown_courier_are_refused_for_certain() -> None:
    service = Courier(KEY)
    for key, name, phone, code in (
        ("another", "zhongtong", "", "503"),
        (KEY, "shunfeng", "", "408"),
        (KEY, "a friend", "", "701"),
    ):
        tracker = asking(service, key)
        with pytest.raises(GatewayRefusedError) as refused:
            await tracker.query(name, "SF1234561", phone)
        assert refused.value.code == code
    assert service.parcels == {}


async def test_subscribed_twice_is_subscribed_and_its_noisy_reports_end_where_the_parcel_does() -> None:
    """Forgeries are told by their signature; of duplicates and late ones the newest counts."""
    service, at = Courier(KEY), clock.now()
    tracker = asking(service)
    for number in ("ZT0000001", "ZT0000007", "ZT0000008"):
        for _ in range(2):
            await tracker.subscribe("zhongtong", number, "", f"http://shop/{number}", f"salt-{number}")
    heard: dict[str, list[object]] = {}
    ends, forged = {}, 0
    for minute in range(1, 12):
        service.now = lambda minute=minute: at + timedelta(minutes=minute, seconds=1)  # type: ignore[misc]
        for push in service.pushes():
            number = push.url.rpartition("/")[2]
            if not is_authentic(push.form["param"], push.form["sign"], f"salt-{number}"):
                forged += 1
                continue
            report = report_of(result_of_callback(push.form["param"]))
            assert report is not None
            ends[number] = after(ends.get(number), standing(report.newest_at, len(report.events), report.state))
            heard.setdefault(number, []).append(report)
    assert {number: end.state for number, end in ends.items()} == {
        "ZT0000001": "signed",
        "ZT0000007": "signed",
        "ZT0000008": "returned",
    }
    assert forged > 0
    assert any(len(reports) != len(set(reports)) for reports in heard.values()), "some came twice"
    await tracker.aclose()


def post(folder: Path) -> tuple[Mailbox, FastAPI]:
    box, app = Mailbox(KEY, folder), FastAPI()
    app.include_router(mailbox.router(box))
    return box, app


async def test_a_text_message_is_shown_once_and_a_forged_or_stale_one_never(tmp_path: Path) -> None:
    box, app = post(tmp_path)
    door = httpx.ASGITransport(app)
    sender = Webhook("http://there/mailbox/sms", KEY.encode(), door)
    assert [await sender.send(MESSAGE) for _ in range(2)] == ["SIM-code-1"] * 2
    assert len(box.texts) == 1
    with pytest.raises(NotSentError):
        await Webhook("http://there/mailbox/sms", b"another-secret-of-ours", door).send(MESSAGE)
    present = clock.now()
    box.now = lambda: present
    with clock.at(present - timedelta(minutes=6)), pytest.raises(NotSentError):
        await sender.send(MESSAGE)
    assert len(box.texts) == 1
    async with httpx.AsyncClient(transport=door, base_url="http://there") as browser:
        page = (await browser.get("/mailbox")).text
    assert "482913" in page
    assert "模拟信箱" in page


async def test_the_outbox_is_its_owner_s_only_keeps_a_message_once_and_is_shown_without_its_markup_working(
    tmp_path: Path,
) -> None:
    outbox = Outbox(tmp_path / "outbox")
    mail = Message("notice-1", "email", "li@example.com", "en", "<script>", "Text", "paid", {}, "<p>Text</p>")
    for _ in range(2):
        await outbox.send(mail)
    [file] = (tmp_path / "outbox").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert json.loads(file.read_text())["target"] == "li@example.com"
    _, app = post(tmp_path / "outbox")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://there") as browser:
        page = (await browser.get("/mailbox")).text
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
