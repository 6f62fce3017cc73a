"""Money, books, catalogue and stock at the desk."""

from uuid import uuid4

from mingsuan import clock
from tests.transactional.api_ways import keeping, payments
from tests.transactional.api_ways.way import STAFF
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.page_ways import things
from tests.transactional.page_ways.page_way import PageWay, PageWays, Sent, asked, keyed, may
from tests.transactional.small_shop import PRICE_FEN
from tests.transactional.web.test_product_desk import picture

TEXTS = {"title_zh": "新名", "title_en": "New name", "description_zh": "好"}


async def _receipt(world: World) -> Sent:
    _, order = await world.till.place()
    receipt = await payments.receipt(world, order.net_fen)
    return Sent({"receipt_id": receipt}, keyed(order_no=order.order_no, reason="agreed"))


async def _payout(world: World) -> Sent:
    refused = await payments.refused_payout(world)
    return Sent(refused.names, keyed(to="wallet", reason="agreed"))


async def _dispute(world: World) -> Sent:
    _, order, _ = await things.bought(world)
    return Sent(form=keyed(order_no=order.order_no, amount="1.00", reference=new_name("D"), fee="0.15", reason="told"))


async def _job(world: World) -> Sent:
    return Sent({"job_id": await things.job(world.till)}, keyed(reason="again"))


async def _case(world: World) -> Sent:
    about = await payments.case(world)
    return Sent(about.names, keyed(reason="looked at"))


async def _account(world: World) -> Sent:
    return Sent({"account": "customer_wallet"}, {"format": "csv", "since": things.today(), "until": things.today()})


async def _transaction(world: World) -> Sent:
    found = await world.till.rows("select public_id, reference from shop.ledger_transaction limit 1")
    return Sent({"transaction_id": found[0][0]}, query={"reference": str(found[0][1])})


async def _month(world: World) -> Sent:
    month = (await keeping.month(world)).body["month"]
    return Sent({"month": f"{clock.now():%Y-%m}-01"}, keyed(month=month, format="csv"))


async def _withdrawal(world: World) -> Sent:
    _, withdrawal = await things.withdrawal(world)
    return Sent({"withdrawal_id": withdrawal}, keyed(reason="the name does not match"))


async def _to_approve(world: World) -> Sent:
    _, withdrawal = await things.withdrawal(world)
    return Sent({"withdrawal_id": withdrawal}, keyed())


async def _approved(world: World) -> Sent:
    _, withdrawal = await things.withdrawal(world, approved=True)
    return Sent({"withdrawal_id": withdrawal}, keyed(reason="sent back", reference=new_name("B")))


async def _credit(world: World) -> Sent:
    customer = await world.customer()
    return Sent(form=keyed(email=customer.email, amount="5", source="goodwill", reason="sorry"))


async def _invoice(world: World) -> Sent:
    _, invoice = await things.invoice(world)
    number = f"{uuid4().int % 10**20:020}"
    form = keyed(amount_fen=str(PRICE_FEN), number=number, issued_on=things.today(), reason="no such company")
    return Sent({"invoice_id": invoice}, form, files=(("file", ("fapiao.pdf", things.PDF, "application/pdf")),))


async def _issued(world: World) -> Sent:
    _, invoice = await things.invoice(world, issued=True)
    return Sent({"invoice_id": invoice}, keyed(red_number=f"{uuid4().int % 10**20:020}", flushed_on=things.today()))


async def _benefits(world: World) -> Sent:
    customer, benefit = await things.benefit(world)
    return Sent({"who": customer.email, "benefit_id": benefit}, keyed())


async def _new_provider(world: World) -> Sent:
    urls = {"launch_url": "https://films.test/activate", "api_url": "https://films.test/api"}
    return Sent(
        form={"key": new_name("p").lower().replace("-", "")[:20], "name_zh": "影视", "name_en": "Films", **urls}
    )


async def _provider(world: World) -> Sent:
    return Sent({"key": await things.provider(world)}, keyed(paused="true"))


async def _assignment(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    key = await things.provider(world)
    return Sent(form={"product_slug": sku.code.lower(), "provider_key": key, "provider_product": "vip"})


async def _category(world: World) -> Sent:
    sku = await world.market.sku(new_name())
    return Sent({"slug": f"c-{sku.code.lower()}"}, keyed(name_zh="乙", name_en="Second", position="-1"))


async def _new_category(world: World) -> Sent:
    return Sent(form=keyed(slug=new_name("c").lower(), name_zh="乙", name_en="Second", position="2"))


async def _new_product(world: World) -> Sent:
    category = f"c-{world.till.stocked.sku.code.lower()}"
    return Sent(form=keyed(category_slug=category, slug=new_name("p").lower(), kind="card_code", **TEXTS))


async def _product(world: World) -> Sent:
    code = (await world.market.sku(new_name())).code
    form = keyed(category_slug=f"c-{code.lower()}", publish_state="withdrawn", name_zh="一", name_en="One", **TEXTS)
    questions = {"field_name": ["account"], "field_zh": ["账号"], "field_en": ["Account"], "field_kind": ["text"]}
    price = {"sku_code": code, "price": "12.34", "begins": "2999-01-01T08:00"}
    names = {"slug": code.lower(), "code": code}
    return Sent(names, {**form, **questions, "field_options": [""], **price})


async def _picture(world: World) -> Sent:
    sent = await _product(world)
    key = {"idempotency_key": sent.form["idempotency_key"]}
    return Sent(sent.names, key, files=(("picture", ("a.jpg", picture(), "image/jpeg")),))


async def _sku(world: World) -> Sent:
    sent = await _product(world)
    new = keyed(code=new_name(), name_zh="二", name_en="Two", list_price="3.00")
    return Sent(sent.names, new)


async def _sku_change(world: World) -> Sent:
    sent = await _product(world)
    return Sent(sent.names, keyed(name_zh="二", name_en="Two", max_per_order="3"))


async def _parts(world: World) -> Sent:
    part = await world.market.sku(new_name())
    bundle = await world.market.sku(new_name(), "bundle", 1500)
    return Sent({"slug": bundle.code.lower(), "code": bundle.code}, keyed(parts=f"{part.code} 2"))


WAYS: PageWays = {
    "GET /desk/figures": PageWay(may("see_orders"), asked()),
    "GET /desk/review": PageWay(may("see_payments"), asked(state="open", kind="late_payment")),
    "GET /desk/review/receipts": PageWay(may("see_payments"), asked(state="open")),
    "POST /desk/review/receipts/{receipt_id}/apply": PageWay(may("settle_payments"), _receipt),
    "POST /desk/review/receipts/{receipt_id}/return": PageWay(may("settle_payments"), _receipt),
    "GET /desk/review/payouts": PageWay(may("see_payments"), asked(state="failed")),
    "POST /desk/review/payouts/{payout_id}/retry": PageWay(may("settle_payments"), _payout),
    "GET /desk/review/disputes": PageWay(may("see_payments"), asked()),
    "POST /desk/review/disputes": PageWay(may("settle_payments"), _dispute),
    "GET /desk/review/jobs": PageWay(may("see_payments"), asked(before="100")),
    "POST /desk/review/jobs/{job_id}/retry": PageWay(may("retry_jobs"), _job),
    "GET /desk/review/{case_id}": PageWay(may("see_payments"), _case),
    "POST /desk/review/{case_id}/resolve": PageWay(may("resolve_cases"), _case),
    "GET /desk/ledger": PageWay(may("see_ledger"), asked(until="2026-01-01")),
    "GET /desk/ledger/accounts/{account}": PageWay(may("see_ledger"), _account),
    "POST /desk/ledger/accounts/{account}/export": PageWay(may("see_ledger"), _account),
    "GET /desk/ledger/transactions": PageWay(may("see_ledger"), _transaction),
    "GET /desk/ledger/transactions/{transaction_id}": PageWay(may("see_ledger"), _transaction),
    "GET /desk/ledger/seals": PageWay(may("see_ledger"), asked(before="100")),
    "GET /desk/ledger/months": PageWay(may("see_ledger"), asked()),
    "POST /desk/ledger/months": PageWay(may("close_month"), _month),
    "POST /desk/ledger/months/{month}/journal": PageWay(may("see_ledger"), _month),
    "GET /desk/withdrawals": PageWay(may("see_money"), asked(state="requested")),
    "GET /desk/withdrawals/{withdrawal_id}": PageWay(may("see_money"), _withdrawal),
    "POST /desk/withdrawals/{withdrawal_id}/approve": PageWay(may("decide_withdrawals"), _to_approve),
    "POST /desk/withdrawals/{withdrawal_id}/refuse": PageWay(may("decide_withdrawals"), _withdrawal),
    "POST /desk/withdrawals/{withdrawal_id}/paid": PageWay(may("decide_withdrawals"), _approved),
    "POST /desk/withdrawals/{withdrawal_id}/failed": PageWay(may("decide_withdrawals"), _approved),
    "POST /desk/withdrawals/{withdrawal_id}/account": PageWay(may("decide_withdrawals"), _withdrawal),
    "GET /desk/wallets": PageWay(may("credit_wallet"), asked(email="li@example.com")),
    "POST /desk/wallets": PageWay(may("credit_wallet"), _credit),
    "GET /desk/invoices": PageWay(may("see_money"), asked(state="requested", since="2026-01-01")),
    "GET /desk/invoices/export": PageWay(may("settle_invoices"), asked(format="csv", state="requested")),
    "GET /desk/invoices/{invoice_id}": PageWay(may("see_money"), _invoice),
    "GET /desk/invoices/{invoice_id}/file": PageWay(may("settle_invoices"), _issued),
    "POST /desk/invoices/{invoice_id}/issue": PageWay(may("settle_invoices"), _invoice),
    "POST /desk/invoices/{invoice_id}/refuse": PageWay(may("settle_invoices"), _invoice),
    "POST /desk/invoices/{invoice_id}/red-flush": PageWay(may("settle_invoices"), _issued),
    "GET /desk/benefits": PageWay(may("see_customers"), asked()),
    "GET /desk/benefits/{who}": PageWay(may("see_customers"), _benefits),
    "GET /desk/benefits/one/{benefit_id}": PageWay(may("see_customers"), _benefits),
    "POST /desk/benefits/{who}/resync": PageWay(may("mend_benefits"), _benefits),
    "GET /desk/providers": PageWay(may("configure_providers"), asked()),
    "POST /desk/providers": PageWay(may("configure_providers"), _new_provider),
    "POST /desk/providers/{key}/secret": PageWay(may("configure_providers"), _provider),
    "POST /desk/providers/{key}/pause": PageWay(may("configure_providers"), _provider),
    "POST /desk/providers/products": PageWay(may("configure_providers"), _assignment),
    "GET /desk/products": PageWay(STAFF, asked(q="x", category="c")),
    "GET /desk/categories/new": PageWay(may("edit_catalogue"), asked()),
    "POST /desk/categories/new": PageWay(may("edit_catalogue"), _new_category),
    "GET /desk/categories/{slug}": PageWay(may("edit_catalogue"), _category),
    "POST /desk/categories/{slug}": PageWay(may("edit_catalogue"), _category),
    "GET /desk/products/new": PageWay(may("edit_catalogue"), asked()),
    "POST /desk/products/new": PageWay(may("edit_catalogue"), _new_product),
    "GET /desk/products/{slug}": PageWay(STAFF, _product),
    "POST /desk/products/{slug}/state": PageWay(may("edit_catalogue"), _product),
    "POST /desk/products/{slug}/texts": PageWay(may("edit_catalogue"), _product),
    "POST /desk/products/{slug}/picture": PageWay(may("edit_catalogue"), _picture),
    "POST /desk/products/{slug}/form": PageWay(may("edit_catalogue"), _product),
    "POST /desk/products/{slug}/skus": PageWay(may("edit_catalogue"), _sku),
    "POST /desk/products/{slug}/skus/{code}": PageWay(may("edit_catalogue"), _sku_change),
    "POST /desk/products/{slug}/skus/{code}/parts": PageWay(may("edit_catalogue"), _parts),
    "POST /desk/products/{slug}/price": PageWay(may("edit_catalogue"), _product),
}
