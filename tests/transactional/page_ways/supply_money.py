"""Suppliers' balances, payments, statements and claims at the desk."""

from datetime import date
from uuid import UUID

from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways.page_way import File, PageWay, PageWays, Sent, asked, keyed, may
from tests.transactional.page_ways.supply import channel
from transactional.db import writing
from transactional.logistics import courier_costs
from transactional.statement_intake import NewFile
from transactional.suppliers.money import claims, statements
from transactional.suppliers.money.statements import NewStatement


async def _supplier(world: World) -> Sent:
    row = await channel(world)
    public_id = await world.till.one("select public_id from shop.supplier where id = :id", id=row.supplier_id)
    form = {"amount": "100.00", "reference": new_name("bank"), "day": "2026-01-02", "low": "50.00"}
    return Sent({"supplier": public_id}, keyed(kind="top_up", note="agreed", **form))


def _bill() -> bytes:
    return f"request_no,amount\n{new_name('R')},9.99\n".encode()


async def _upload(world: World) -> Sent:
    row = await channel(world)
    file: File = ("file", ("bill.csv", _bill(), "text/csv"))
    form = {"channel": str(row.public_id), "since": "2026-01-02", "until": "2026-01-02"}
    return Sent(form=keyed(**form), files=(file,))


async def _statement(world: World) -> Sent:
    """With one line that is nothing of ours."""
    row, shop = await channel(world), world.till.shop
    async with writing(shop.engine) as session:
        new = NewStatement(row.id, "bill.csv", _bill(), "desk", (date(2026, 1, 2), date(2026, 1, 2)))
        taken = await statements.take_in(session, new, shop.zone, shop.currency)
    sql = """
    select l.public_id from shop.supplier_statement_line as l
    join shop.supplier_statement as s on s.id = l.statement_id where s.public_id = :id
    """
    line = await world.till.one(sql, id=taken.id)
    return Sent({"statement": taken.id, "line": line}, keyed(way="accept", reason="agreed"))


async def _cost_upload(world: World) -> Sent:
    lines = f"date,campaign,channel,amount\n2026-01-02,{new_name('C')},douyin,9.99\n".encode()
    file: File = ("file", ("spend.csv", lines, "text/csv"))
    return Sent(form=keyed(sender="ad-spend:oceanengine"), files=(file,))


async def _cost_statement(world: World) -> Sent:
    """Of a courier, with a parcel that is not the shop's."""
    shop = world.till.shop
    lines = f"date,tracking_no,amount\n2026-01-02,{new_name('SF1234567')},9.99\n".encode()
    async with writing(shop.engine) as session:
        new = NewFile("shunfeng", "charges.csv", lines, "desk")
        taken = await courier_costs.take_in(session, new, shop.zone, shop.currency)
    return Sent({"kind": "courier", "statement": taken.id})


async def _bad_code(world: World) -> UUID:
    """Of a batch whose supplier is known by its name alone."""
    batch = await world.batch(1)
    sql = """
    insert into shop.card_defect (card_id, batch_id, cost_fen, reason)
    select c.id, c.batch_id, c.cost_fen, 'does not work' from shop.card as c
    join shop.card_batch as b on b.id = c.batch_id where b.public_id = :batch limit 1 returning public_id
    """
    found: UUID = (await world.till.rows(sql, batch=batch))[0][0]
    return found


async def _unclaimed(world: World) -> Sent:
    return Sent(form=keyed(defect=str(await _bad_code(world)), reason="told by the customer"))


async def _claim(world: World) -> Sent:
    defect = await world.till.one("select id from shop.card_defect where public_id = :id", id=await _bad_code(world))
    async with writing(world.till.shop.engine) as session:
        claim = await claims.of_defect(session, defect, "does not work", None)
    return Sent({"claim": claim.public_id}, keyed(credited="1.00", reason="agreed"))


WAYS: PageWays = {
    "GET /desk/suppliers": PageWay(may("see_supply"), asked()),
    "GET /desk/suppliers/{supplier}": PageWay(may("see_supply"), _supplier),
    "POST /desk/suppliers/{supplier}/payments": PageWay(may("pay_suppliers"), _supplier),
    "POST /desk/suppliers/{supplier}/terms": PageWay(may("manage_channels"), _supplier),
    "GET /desk/statements": PageWay(may("see_supply"), asked()),
    "POST /desk/statements": PageWay(may("reconcile"), _upload),
    "GET /desk/statements/{statement}": PageWay(may("see_supply"), _statement),
    "POST /desk/statements/{statement}/lines/{line}": PageWay(may("reconcile"), _statement),
    "GET /desk/costs": PageWay(may("see_money"), asked()),
    "POST /desk/costs": PageWay(may("import_costs"), _cost_upload),
    "GET /desk/costs/{kind}/{statement}": PageWay(may("see_money"), _cost_statement),
    "GET /desk/claims": PageWay(may("see_supply"), asked(state="all")),
    "POST /desk/claims": PageWay(may("reconcile"), _unclaimed),
    "GET /desk/claims/{claim}": PageWay(may("see_supply"), _claim),
    "POST /desk/claims/{claim}/send": PageWay(may("reconcile"), _claim),
    "POST /desk/claims/{claim}/accept": PageWay(may("reconcile"), _claim),
    "POST /desk/claims/{claim}/reject": PageWay(may("reconcile"), _claim),
}
