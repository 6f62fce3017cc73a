"""The desk's pages of channels and offers: typed once, said field by field, and never giving a secret away."""

from decimal import Decimal

import pytest

from mingsuan.postgres import DatabaseUrls
from tests.transactional.api_client import Client
from tests.transactional.small_shop import Stocked
from tests.transactional.suppliers.fake_supply import SECRET, Supplied, fact, supplied
from tests.transactional.web.seen import Seen
from tests.transactional.web.visits import enter_desk, send, visit

pytestmark = pytest.mark.anyio
FORM = {
    "protocol": "fulu",
    "code": "fulu-two",
    "name": "二号账号",
    "supplier": "new",
    "supplier_name": "新供应商",
    "supplier_currency": "cny",
    "terms": "prepaid",
    "base_url": "https://openapi.fulu.example/two",
    "credential_app_key": "key-two",
    "credential_app_secret": "another-secret-of-thirty-two-chr",
    "pull_every_min": "0.5",
    "patience_s": "9",
    "regions": "cn, hk",
}


@pytest.fixture
async def world(stocked: Stocked, monkeypatch: pytest.MonkeyPatch) -> Supplied:
    return await supplied(stocked, monkeypatch)


async def channel_address(world: Supplied, code: str) -> str:
    [[found]] = await world.stocked.rows("select public_id from shop.supply_channel where code = :code", code=code)
    return f"/desk/channels/{found}"


async def test_a_channel_is_added_once_with_its_supplier_and_its_secrets_never_come_back(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        for _ in range(2):
            added = await send(client, "/desk/channels/new", idempotency_key="add-channel-1", **FORM)
            assert added.status_code == 303, added.text
        address = await channel_address(world, "fulu-two")
        assert added.headers["location"] == f"{address}?done=added"
        rows = await world.stocked.rows(
            "select c.regions, c.pull_every_s, c.patience_s, s.name, s.currency from shop.supply_channel as c"
            " join shop.supplier as s on s.id = c.supplier_id where c.code = 'fulu-two'"
        )
        assert rows == [(["CN", "HK"], 30, 9, "新供应商", "CNY")]
        page = await client.get(address)
        assert Seen(page.text).faults == []
        assert Seen(page.text).fields["credential_app_secret"] == ""
        for secret in (FORM["credential_app_secret"], FORM["credential_app_key"], SECRET):
            assert secret not in page.text
        changed = {"name": "改名", "base_url": FORM["base_url"], "patience_s": "9", "idempotency_key": "change-it-1"}
        assert (await send(client, address, **changed)).status_code == 303
        assert (await send(client, f"{address}/sync", idempotency_key="sync-it-1")).status_code == 303
        assert world.goods.credentials["app_secret"] == FORM["credential_app_secret"]


async def test_what_is_wrong_with_a_form_is_said_and_nothing_half_done_stays(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        for number, (wrong, words) in enumerate(
            (
                ({"code": "Two Words"}, "Use 2 to 40 small letters"),
                ({"base_url": "ftp://x"}, "Must be an https:// address"),
                ({"pull_every_min": "soon"}, "Must be a number."),
                ({"pull_every_min": "0.1"}, "between half a minute and seven days"),
                ({"supplier_name": ""}, "Cannot be accepted."),
                ({"supplier": "not-a-uuid"}, "Choose the supplier"),
                ({"code": "fulu-main"}, "“fulu-main” is already in use."),
            )
        ):
            form = {**FORM, **wrong, "idempotency_key": f"wrong-form-{number}"}
            answer = await send(client, "/desk/channels/new", **form)
            assert answer.status_code in (409, 422), words
            assert words in answer.text
            assert FORM["credential_app_secret"] not in answer.text
            assert Seen(answer.text).fields["name"] == "二号账号"
        address = await channel_address(world, "fulu-main")
        elsewhere = {"name": "n", "base_url": "https://evil.example", "patience_s": "9"}
        refused = await send(client, address, idempotency_key="elsewhere-1", **elsewhere)
        assert refused.text.count("enter the credentials again") == 2
    counts = "select (select count(*) from shop.supplier), (select count(*) from shop.supply_channel)"
    assert await world.stocked.rows(counts) == [(1, 1)]


async def test_a_supplier_that_is_silent_is_told_on_the_page_and_nothing_breaks(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    await world.observe(fact("A", "40"))
    world.goods.is_silent = True
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        address = await channel_address(world, "fulu-main")
        silent = await send(client, f"{address}/sync", idempotency_key="sync-it-1")
        assert "done=silent" in silent.headers["location"]
        assert "no answer in time" in (await visit(client, address)).text
        assert "no answer in time" in (await visit(client, f"{address}/goods")).text
        assert (await send(client, f"{address}/sync", idempotency_key="sync-it-1")).status_code == 303
        assert world.goods.asked == 2  # the form sent again asked nobody


async def test_a_good_is_chosen_at_the_price_that_its_supplier_names_not_one_that_is_sent(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    world.goods.offer("A", "40.5", name="<b>卡</b>")
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "operator")
        address = await channel_address(world, "fulu-main")
        shown = await visit(client, f"{address}/goods?q=卡")
        assert "<b>卡</b>" in shown.text  # as text
        form = {"supplier_sku": "A", "sku": "STEAM-50", "unit_cost": "1"}
        assert (await send(client, f"{address}/goods", idempotency_key="choose-it-1", **form)).status_code == 303
        assert await world.offer() == ("active", "", Decimal("40.5"))
        unknown = await send(
            client, f"{address}/goods", idempotency_key="choose-it-2", supplier_sku="Z", sku="STEAM-50"
        )
        assert unknown.status_code == 422
        page = await visit(client, "/desk/offers?q=steam_50")
        assert "No offer fits" in page.text  # an underline is no wildcard
        page = await visit(client, "/desk/offers?q=steam-50&state=active")
        assert "¥9.50" in page.text


async def test_an_offer_typed_by_hand_is_believed_and_the_own_pool_names_no_cost(
    world: Supplied, fresh_database: DatabaseUrls
) -> None:
    await world.observe(fact("A", "4"))
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        channel = (await channel_address(world, "fulu-main")).rpartition("/")[2]
        typed = {"channel": channel, "sku": "STEAM-50", "supplier_sku": "A", "cost": "45", "stock": "3"}
        entered = await send(client, "/desk/offers/new", idempotency_key="enter-it-1", **typed)
        assert await world.offer() == ("active", "", Decimal("45"))
        page = await visit(client, entered.headers["location"].partition("?")[0])
        assert "↑ 1,025.0%" in page.text
        wrong = await send(client, "/desk/offers/new", idempotency_key="enter-it-2", **{**typed, "cost": "0"})
        assert wrong.status_code == 422
        pool = {"protocol": "own_pool", "code": "pool", "name": "自有"}
        await send(client, "/desk/channels/new", idempotency_key="add-pool-1", **pool)
        own = (await channel_address(world, "pool")).rpartition("/")[2]
        await send(client, "/desk/offers/new", idempotency_key="enter-it-3", channel=own, sku="STEAM-50")
        assert "What the codes cost" in (await visit(client, f"/desk/channels/{own}")).text


async def test_a_sheet_is_shown_before_it_is_taken_whole(world: Supplied, fresh_database: DatabaseUrls) -> None:
    await world.observe(fact("A", "40"))
    async with Client(world.stocked.shop, fresh_database) as client:
        await enter_desk(client, world.stocked.shop, "buyer")
        channel = (await channel_address(world, "fulu-main")).rpartition("/")[2]

        async def preview(rows: str) -> str:
            file = {"file": ("q.csv", f"货号,本店SKU,成本\n{rows}".encode(), "text/csv")}
            return (await client.post("/desk/offers/import/preview", data={"channel": channel}, files=file)).text

        refused = Seen(await preview("A,STEAM-50,0\nB,NOPE,3\n")).text
        assert "Row 2, column cost: A cost is more than zero" in refused
        assert "Take the whole sheet" not in refused
        good = Seen(await preview("A,STEAM-50,41\nB,STEAM-50,51\n"))
        assert "Costs more than it sells for" in good.text
        assert (await world.offer())[2] == Decimal(40)
        content = "supplier_sku,sku,cost\nA,STEAM-50,41\nB,STEAM-50,51\n"
        form = {"channel": channel, "content": content, "idempotency_key": "take-it-1"}
        taken = await send(client, "/desk/offers/import", **form)
        assert taken.headers["location"].endswith("done=imported&n=2")
        assert (await world.offer())[2] == Decimal(41)
        rates = {"file": ("r.csv", "币种,日期,汇率\nUSD,2026-01-02,7.1\nEUR,x,8\n".encode(), "text/csv")}
        bad = await client.post("/desk/rates/file", data={"idempotency_key": "rates-it-1"}, files=rates)
        assert "Row 3, column date" in Seen(bad.text).text
        assert await world.stocked.rows("select count(*) from shop.exchange_rate") == [(0,)]
