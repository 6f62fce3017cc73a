"""Alerts: one row while a matter lasts, told once through each sink, again when worse, and its end to who knew."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from mingsuan.alert_notes import AlertNote, Letter, NotToldError, Severity
from mingsuan.alerting import sinks
from mingsuan.settings import Settings
from tests.transactional.small_shop import Stocked
from transactional.alerts import service, telling
from transactional.alerts.telling import NotAllToldError
from transactional.alerts.wording import place_of
from transactional.db import writing
from transactional.errors import NotFoundError
from transactional.notices.senders.console import newest
from transactional.shop import Shop

pytestmark = pytest.mark.anyio
COST = {"sku": "STEAM-50", "channel": "福禄", "cost_fen": 5200, "price_fen": 5000, "floor_fen": 100}


@dataclass
class Ear:
    """A sink that a test decides about: `answers` are taken one a try, then all is heard."""

    name: str = "ear"
    least: Severity = "warning"
    answers: list[Any] = field(default_factory=list)
    heard: list[tuple[list[AlertNote], Letter]] = field(default_factory=list)

    async def tell(self, alerts: list[AlertNote], letter: Letter) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.heard.append((list(alerts), letter))

    async def aclose(self) -> None:
        """There is nothing to end."""

    def titles(self) -> list[str]:
        return [letter.title for _, letter in self.heard]


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def shop(shop: Shop, ear: Ear) -> Shop:
    return replace(shop, alert_sinks=(ear,))


async def raised(
    shop: Shop, kind: str = "cost_inversion", severity: Severity = "warning", subject: str = "x:1"
) -> None:
    async with writing(shop.engine) as session:
        await service.raise_alert(session, kind, subject, severity, COST)


async def ended(shop: Shop, subject: str = "x:1") -> None:
    async with writing(shop.engine) as session:
        await service.end_alert(session, "cost_inversion", subject)


async def test_a_matter_is_one_row_while_it_lasts_and_another_when_it_comes_back(stocked: Stocked) -> None:
    for _ in range(3):
        await raised(stocked.shop)
    await ended(stocked.shop)
    await ended(stocked.shop)
    await raised(stocked.shop)
    rows = await stocked.rows("select times, ended_at is null from shop.alert order by id")
    assert rows == [(3, False), (1, True)]
    jobs = await stocked.rows("select count(*), min(lock) from jobs.procrastinate_jobs where task_name = 'alerts.tell'")
    assert jobs == [(3, "alerts.tell")]  # raised, ended, raised anew; never for what is known


async def test_what_is_known_is_not_told_again_but_what_got_worse_and_what_is_over_is(shop: Shop, ear: Ear) -> None:
    await raised(shop)
    assert [await telling.tell(shop) for _ in range(2)] == [1, 0]
    await raised(shop)
    assert await telling.tell(shop) == 0
    await raised(shop, severity="critical")
    await raised(shop, severity="warning")
    await raised(shop, severity="critical")
    assert [await telling.tell(shop) for _ in range(2)] == [1, 0]
    await ended(shop)
    assert [await telling.tell(shop) for _ in range(2)] == [1, 0]
    assert ear.titles() == [
        "【警告】STEAM-50 在“福禄”成本倒挂",
        "【严重】STEAM-50 在“福禄”成本倒挂",
        "【已解除】STEAM-50 在“福禄”成本倒挂",
    ]
    note = ear.heard[0][0][0]
    assert "¥52.00" in note.text
    assert "¥1.00" in note.text
    assert (note.kind, note.subject, note.ended_at) == ("cost_inversion", "x:1", None)


async def test_a_sink_that_does_not_take_it_is_told_later_and_each_try_is_on_record(
    shop: Shop, ear: Ear, stocked: Stocked
) -> None:
    ear.answers = [NotToldError("unknown", "time-out"), NotToldError("refused", "answered 403")]
    await raised(shop)
    for _ in range(2):
        with pytest.raises(NotAllToldError, match="ear"):
            await telling.tell(shop)
    assert await telling.tell(shop) == 1
    rows = await stocked.rows("select sink, event, severity, outcome, reason from shop.alert_delivery order by id")
    assert rows == [
        ("ear", "raised", "warning", "unknown", "time-out"),
        ("ear", "raised", "warning", "refused", "answered 403"),
        ("ear", "raised", "warning", "told", ""),
    ]


async def test_one_sink_that_fails_keeps_nothing_from_another(shop: Shop, ear: Ear) -> None:
    deaf = Ear("deaf", answers=[NotToldError("refused", "no")])
    await raised(shop)
    with pytest.raises(NotAllToldError):
        await telling.tell(replace(shop, alert_sinks=(deaf, ear)))
    assert len(ear.heard) == 1


async def test_many_at_once_are_one_message_the_worst_first(shop: Shop, ear: Ear) -> None:
    for number in range(25):
        await raised(shop, subject=f"offer:{number}")
    await raised(shop, "channel_unreachable", "critical")
    assert await telling.tell(shop) == 26
    [(notes, letter)] = ear.heard
    assert len(notes) == 26
    assert letter.title == "【严重】渠道“福禄”没有应答，另有 25 条"
    assert "其余 6 条见后台“告警”页。" in letter.text
    assert letter.text.count("http://127.0.0.1:8000/desk/") == 20


async def test_what_is_less_grave_than_a_sink_wants_and_what_was_over_unheard_is_not_told(shop: Shop, ear: Ear) -> None:
    await raised(shop, severity="info")
    await raised(shop, subject="x:2")
    await ended(shop, "x:2")
    assert await telling.tell(shop) == 0
    assert await telling.tell(replace(shop, alert_sinks=(Ear(least="info"),))) == 1


async def test_a_kind_without_words_is_told_by_its_name(shop: Shop, ear: Ear) -> None:
    await raised(shop, "something_new")
    await telling.tell(shop)
    assert ear.titles() == ["【警告】something_new"]


async def test_who_takes_an_alert_in_hand_first_stays_until_it_gets_worse(stocked: Stocked) -> None:
    shop = stocked.shop
    await raised(shop)
    [[alert]] = await stocked.rows("select public_id from shop.alert")
    insert = (
        "insert into shop.staff (email, password_hash, display_name, role) values (:e, 'x', :e, 'buyer') returning id"
    )
    staff = [(await stocked.rows(insert, e=name))[0][0] for name in ("first", "second")]
    async with writing(shop.engine) as session:
        for each in staff:
            await service.acknowledge(session, alert, each)
    assert await stocked.rows("select acknowledged_by from shop.alert") == [(staff[0],)]
    await raised(shop, severity="critical")
    assert await stocked.rows("select acknowledged_by, acknowledged_at from shop.alert") == [(None, None)]
    with pytest.raises(NotFoundError):
        async with writing(shop.engine) as session:
            await service.acknowledge(session, UUID(int=0), staff[0])


def test_a_subject_leads_to_its_page_and_nothing_else_leads_anywhere() -> None:
    assert place_of("offer:019a-ff") == "/desk/offers/019a-ff"
    assert place_of("currency:USD") == "/desk/rates"
    assert [place_of(each) for each in ("offer:../x", "offer:", "javascript:alert", "x")] == [""] * 4


async def test_mail_of_a_shop_without_a_mail_server_lies_in_its_outbox_once(shop: Shop, tmp_path: Path) -> None:
    settings = Settings(var=tmp_path, alert_mail_to="owner@example.com, buyer@example.com")
    with_mail = replace(shop, settings=settings, alert_sinks=sinks(settings))
    await raised(shop)
    assert await telling.tell(with_mail) == 2
    [message] = newest(settings.outbox_dir, 9)
    assert message["title"] == "【警告】STEAM-50 在“福禄”成本倒挂"
    assert message["target"] == "owner@example.com, buyer@example.com"
