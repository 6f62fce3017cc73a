"""The wallet's pages: what is possible and why not, from a top-up to a withdrawal that staff decide."""

import re
from dataclasses import replace

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import PASSWORD, Client
from tests.transactional.wallets.conftest import NAME, Purse
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import HTML, credit, enter_desk, register, send, visit
from transactional.accounts.persons import identity

pytestmark = pytest.mark.anyio


@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every customer's name was checked."""

    async def name(*_: object) -> str:
        return NAME

    monkeypatch.setattr(identity, "verified_name", name)


async def test_a_top_up_is_paid_on_its_page_and_explained_in_the_statement(
    purse: Purse, fresh_database: DatabaseUrls
) -> None:
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        form = await visit(client, "/wallet/top-up")
        assert not form.faults
        key = form.fields["idempotency_key"]
        asked = {"amount": "100", "door": "wechat:native", "idempotency_key": key}
        first, again = [await send(client, "/wallet/top-up", **asked) for _ in range(2)]
        page = first.headers["location"]
        assert page == again.headers["location"]
        shown = await visit(client, page)
        assert not shown.faults
        assert "¥100.00" in shown.text
        number = await purse.one("select out_trade_no from shop.payment")
        await purse.paid(number, 10_000)
        ended = await client.get(f"{page}/state", headers=HTML)
        assert ended.headers["hx-redirect"] == page
        assert "is in your wallet" in (await visit(client, page)).text
        wallet = await visit(client, "/wallet")
        assert not wallet.faults
        assert "Topped up with WeChat Pay" in wallet.text
        assert "Up to ¥100.00 can be withdrawn." in wallet.text
        assert "Nothing moved like that" in (await visit(client, "/wallet?kind=orders")).text
        assert "Topped up" in (await visit(client, "/wallet?kind=top_ups&since=2000-01-01&until=2199-01-01")).text
    assert await purse.one("select count(*) from shop.top_up") == 1


async def test_a_wrong_amount_is_said_beside_its_field(purse: Purse, fresh_database: DatabaseUrls) -> None:
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        for amount, said in (("0.50", "Must be between"), ("5000.01", "Must be between"), ("ten", "Not an amount")):
            asked = {"amount": amount, "door": "wechat:native", "idempotency_key": f"12345678{amount}"}
            answer = await send(client, "/wallet/top-up", **asked)
            assert answer.status_code == 422
            assert said in Seen(answer.text).text


async def test_the_mainland_profile_says_why_nothing_can_be_added(purse: Purse, fresh_database: DatabaseUrls) -> None:
    settings = purse.shop.settings.model_copy(update={"compliance": "mainland"})
    async with Client(replace(purse.shop, settings=settings), fresh_database) as client:
        await register(client)
        assert "allow no top-ups" in (await visit(client, "/wallet")).text
        assert "allow no top-ups" in (await visit(client, "/wallet/top-up")).text
        asked = {"amount": "100", "door": "wechat:native", "idempotency_key": "12345678"}
        assert (await send(client, "/wallet/top-up", **asked)).status_code == 409


async def test_other_people_s_top_ups_and_withdrawals_are_not_there(purse: Purse, fresh_database: DatabaseUrls) -> None:
    li = await purse.stocked.customer("other")
    top_up = await purse.open(li, 10_000)
    await purse.topped_up(li, 5_000)
    withdrawal = await purse.ask_back(li, 5_000)
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        pages = [f"/wallet/top-ups/{top_up}", f"/wallet/top-ups/{top_up}/state", f"/wallet/withdrawals/{withdrawal}"]
        answers = [await client.get(address, headers=HTML) for address in pages]
        answers.append(await send(client, f"/wallet/top-ups/{top_up}/cancel"))
        pay = {"door": "wechat:native", "idempotency_key": "12345678"}
        answers.append(await send(client, f"/wallet/top-ups/{top_up}/pay", **pay))
    assert [answer.status_code for answer in answers] == [404] * 5


@pytest.mark.usefixtures("checked")
async def test_a_withdrawal_is_confirmed_decided_at_the_desk_and_told(
    purse: Purse, fresh_database: DatabaseUrls
) -> None:
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        await enter_desk(client, purse.shop)
        await credit(client, "li@example.com", "80")
        form = await visit(client, "/wallet/withdraw")
        assert not form.faults
        asked = {
            "amount": "60",
            "holder": NAME,
            "bank": "招商银行",
            "account": "6225 8888 0000 1234",
            "idempotency_key": form.fields["idempotency_key"],
        }
        wrong = await send(client, "/wallet/withdraw", **asked, password="not the password")
        assert wrong.status_code == 409
        assert "Your money is where it was" in Seen(wrong.text).text
        assert "not the password" not in wrong.text
        made, again = [await send(client, "/wallet/withdraw", **asked, password=PASSWORD) for _ in range(2)]
        assert made.headers["location"] == again.headers["location"]
        assert "Being checked" in (await visit(client, made.headers["location"])).text
        name = made.headers["location"].rpartition("/")[2]
        desk = f"/desk/withdrawals/{name}"
        assert name in (await client.get("/desk/withdrawals", headers=HTML)).text
        looked = await visit(client, desk)
        assert not looked.faults
        assert "6225888800001234" not in looked.text
        shown = Seen((await send(client, f"{desk}/account")).text)
        assert "6225888800001234" in shown.text
        key = looked.fields["idempotency_key"]
        assert (await send(client, f"{desk}/approve", idempotency_key="approve-1" + key)).headers["location"] == desk
        assert (await send(client, f"{desk}/approve", idempotency_key="approve-1" + key)).status_code == 303
        assert (await send(client, f"{desk}/refuse", reason="x", idempotency_key="r" * 9)).status_code == 409
        paid = {"reference": "CMB-77", "idempotency_key": "paid-" + key}
        assert [(await send(client, f"{desk}/paid", **paid)).status_code for _ in range(2)] == [303, 303]
        assert "Paid out" in (await visit(client, made.headers["location"])).text
    acts = [row[0] for row in await purse.rows("select act from shop.staff_act order by id")]
    assert [act for act in acts if "bank" in act or "withdrawal" in act] == [
        "see_bank_account",
        "approve_withdrawal",
        "withdrawal_paid_by_bank",
    ]
    assert await purse.one("select count(*) from shop.notice where kind = 'withdrawal_decided'") == 2
    assert await purse.findings() == []


async def test_five_wrong_passwords_are_enough_for_a_while(purse: Purse, fresh_database: DatabaseUrls) -> None:
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        asked = {"amount": "1", "idempotency_key": "12345678", "password": "wrong"}
        answers = [Seen((await send(client, "/wallet/withdraw", **asked)).text).text for _ in range(6)]
    assert ["too many tries" in text for text in answers] == [False] * 5 + [True]


@pytest.mark.usefixtures("checked")
async def test_a_code_sent_to_a_proven_address_confirms_too(purse: Purse, fresh_database: DatabaseUrls) -> None:
    async with Client(purse.shop, fresh_database) as client:
        await register(client)
        await purse.rows("update shop.customer set email_verified_at = now() returning 1")
        await purse.rows("update shop.customer set password_hash = null returning 1")
        li = await purse.one("select id from shop.customer")
        await enter_desk(client, purse.shop)
        await credit(client, "li@example.com", "80")
        sent = await send(client, "/wallet/withdraw", amount="60", idempotency_key="12345678", send="code")
        assert "l***@example.com" in Seen(sent.text).text
        assert await purse.one("select count(*) from shop.one_time_code where purpose = 'withdraw'") == 1
        wrong = {"amount": "60", "idempotency_key": "12345678", "code": "000000"}
        assert re.search("wrong, was used already", Seen((await send(client, "/wallet/withdraw", **wrong)).text).text)
        assert await purse.one("select balance_fen from shop.wallet where customer_id = :id", id=li) == 8_000


@pytest.mark.parametrize(("role", "may"), [("owner", True), ("operator", True), ("auditor", False), ("buyer", False)])
async def test_only_who_may_decides(purse: Purse, fresh_database: DatabaseUrls, role: str, may: bool) -> None:
    li = await purse.stocked.customer("other")
    await purse.topped_up(li, 5_000)
    withdrawal = await purse.ask_back(li, 5_000)
    async with Client(purse.shop, fresh_database) as client:
        await enter_desk(client, purse.shop, role)
        looked = await client.get(f"/desk/withdrawals/{withdrawal}", headers=HTML)
        assert looked.status_code == (403 if role == "buyer" else 200)
        for act in ("refuse", "paid", "failed", "account"):
            answer = await send(client, f"/desk/withdrawals/{withdrawal}/{act}", idempotency_key="12345678")
            assert (answer.status_code != 403) == may, act
        answer = await send(client, f"/desk/withdrawals/{withdrawal}/approve", idempotency_key="87654321")
    assert await purse.state_of(withdrawal) == ("paying" if may else "requested")
