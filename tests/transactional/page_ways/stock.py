"""Batches of codes and units at the desk."""

from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways.page_way import File, PageWay, PageWays, Sent, asked, keyed, may
from tests.transactional.page_ways.yard import ask, staff_cookie
from tests.transactional.web.seen import Seen


async def _file(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    file: File = ("file", ("codes.csv", f"code\n{new_name()}\n".encode(), "text/csv"))
    return Sent(form=keyed(sku=sku.code, cost="1.00", supplier="S"), files=(file,))


async def _looked_over(world: World) -> Sent:
    sent = await _file(world)
    shown = await ask(world, "POST /desk/cards/import/check", sent, await staff_cookie(world, "owner"))
    return Sent(form={**sent.form, "seen": Seen(shown.text).fields["seen"]}, files=sent.files)


async def _units(world: World) -> Sent:
    sku = await world.market.sku(new_name(), "physical")
    return Sent(form=keyed(sku=sku.code, cost="6.00", supplier="S", count="3"))


async def _defects(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    await world.market.stock(sku.code, 1)
    code = f"{sku.code}-{await world.till.one('select count(*) from shop.card') - 1:05}"
    return Sent(form=keyed(codes=code, reason="told by the supplier"))


async def _batch(world: World) -> Sent:
    batch = await world.batch()
    form = keyed(count="1", reason="counted", cost="2.00", amount="1.00")
    return Sent({"batch": batch}, form)


WAYS: PageWays = {
    "GET /desk/cards": PageWay(may("see_cards"), asked(sku="STEAM-50", state="available", since="2026-01-01")),
    "GET /desk/cards/{batch}": PageWay(may("see_cards"), _batch),
    "GET /desk/cards/import": PageWay(may("import_cards"), asked(sku="STEAM-50")),
    "POST /desk/cards/import/check": PageWay(may("import_cards"), _file),
    "POST /desk/cards/import": PageWay(may("import_cards"), _looked_over),
    "GET /desk/cards/units": PageWay(may("import_cards"), asked(sku="STEAM-50")),
    "POST /desk/cards/units": PageWay(may("import_cards"), _units),
    "GET /desk/cards/defects": PageWay(may("mend_stock"), asked(done="x", n="1")),
    "POST /desk/cards/defects": PageWay(may("mend_stock"), _defects),
    "POST /desk/cards/{batch}/void": PageWay(may("mend_stock"), _batch),
    "POST /desk/cards/{batch}/cost": PageWay(may("mend_stock"), _batch),
    "POST /desk/cards/{batch}/credit": PageWay(may("mend_stock"), _batch),
    "POST /desk/cards/{batch}/export": PageWay(may("export_cards"), _batch),
}
