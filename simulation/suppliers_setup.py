"""Makes the simulated suppliers known to a demo's shop: channels, goods that are bought when they are sold, offers.

All of it through the shop's own services, once; what staff changed since stays.
"""

import asyncio
from collections.abc import Mapping

from sqlalchemy import select

from mingsuan import clock
from mingsuan.settings import Settings
from simulation.suppliers import market
from simulation.suppliers.market import Business, Line, Shelf
from transactional.catalogue import service as catalogue
from transactional.catalogue.forms import FormField
from transactional.catalogue.schemas import NewCategory, NewProduct, NewSku
from transactional.db import WriteSession, engine, writing
from transactional.shop import Shop, open_shop
from transactional.suppliers.channels import keeping as channels
from transactional.suppliers.channels.forms import NewChannel
from transactional.suppliers.channels.keeping import NewSupplier
from transactional.suppliers.models import Supplier
from transactional.suppliers.money import payments
from transactional.suppliers.money.payments import NewPayment
from transactional.suppliers.offers import observing as offers
from transactional.suppliers.offers import rates
from transactional.suppliers.offers.rate_rules import to_fen
from transactional.suppliers.offers.rates import NewRate
from transactional.suppliers.protocols.interface import FieldSpec, OfferFact

CATEGORY = NewCategory(slug="direct-supply", name_zh="即买即发", name_en="Bought as you buy", position=90)
PULL_EVERY_S = 300
ACCOUNT = FormField(name="account", label_zh="充值账号", label_en="Account to top up")
SIMULATED_ZH = "模拟供货：由模拟的上游渠道自动采购，仅供演示，并无真实商品交付。"
SIMULATED_EN = "Simulated supply: bought from simulated suppliers, for demonstration only; it is of no use anywhere."
PRODUCTS: Mapping[str, NewProduct] = {
    "card": NewProduct(
        category_slug=CATEGORY.slug,
        slug="xinghai-gift-card",
        kind="api_topup",
        title_zh="星海礼品卡（模拟供货）",
        title_en="Xinghai gift card (simulated supply)",
        description_zh=f"付款后数秒内自动发码。{SIMULATED_ZH}",
        description_en=f"The code comes within seconds of your payment. {SIMULATED_EN}",
        publish_state="published",
    ),
    "direct": NewProduct(
        category_slug=CATEGORY.slug,
        slug="yunxiu-direct",
        kind="api_topup",
        title_zh="云岫影视直充（模拟供货）",
        title_en="Yunxiu Video top-up (simulated supply)",
        description_zh=f"填写充值账号，付款后数秒内到账，无需卡密。{SIMULATED_ZH}",
        description_en=f"Goes straight to your account within seconds of your payment. {SIMULATED_EN}",
        publish_state="published",
        delivery_form=(ACCOUNT,),
    ),
}
SKU_NAMES: Mapping[str, tuple[str, str]] = {
    "XHK-50": ("50 元面值", "¥50 face value"),
    "XHK-100": ("100 元面值", "¥100 face value"),
    "XHK-200": ("200 元面值", "¥200 face value"),
    "YXZ-30D": ("30 天", "30 days"),
    "YXZ-365D": ("365 天", "365 days"),
}


def ensure_suppliers(app_url: str, settings: Settings) -> None:
    """Suppliers, channels, goods and offers, when the shop does not know them yet, and the suppliers' credentials."""
    asyncio.run(_ensure(app_url, settings))


async def _ensure(app_url: str, settings: Settings) -> None:
    source = engine(app_url)
    try:
        shop = await open_shop(settings, source)
        async with writing(source) as session:
            await make_known(session, shop)
        await shop.aclose()
    finally:
        await source.dispose()


async def make_known(session: WriteSession, shop: Shop) -> None:
    """Nothing when the first supplier is there already. A shop in another currency than the market's has none."""
    first = select(Supplier.id).where(Supplier.name == market.BUSINESSES[0].name)
    if shop.currency != "CNY" or await session.scalar(first) is not None:
        return
    today = clock.business_date(clock.now(), shop.zone)
    await rates.record(session, [NewRate("USD", today, market.USD)], "simulated", None)
    skus = await _goods(session)
    known = market.credentials(shop.settings.suppliers_dir)
    told = {}
    for business in market.BUSINESSES:
        supplier = await _supplier(session, shop, business)
        for shelf in market.SHELVES:
            if shelf.business == business.key:
                told[shelf.name] = await _channel(session, shop, supplier, shelf, known[shelf.name], skus)
    market.keep_push_urls(shop.settings.suppliers_dir, told)


async def _goods(session: WriteSession) -> dict[str, int]:
    """The SKUs to be bought when they are sold, by code."""
    await catalogue.add_category(session, CATEGORY)
    for product in PRODUCTS.values():
        await catalogue.add_product(session, product)
    found = {}
    for place, line in enumerate(market.LINES):
        zh, en = SKU_NAMES[line.code]
        slug = PRODUCTS[line.kind].slug
        price_fen = int(line.list_price * 100)
        sku = NewSku(
            product_slug=slug, code=line.code, name_zh=zh, name_en=en, position=place, list_price_fen=price_fen
        )
        await catalogue.add_sku(session, sku)
        found[line.code] = await catalogue.sku_id(session, line.code)
    return found


async def _supplier(session: WriteSession, shop: Shop, business: Business) -> Supplier:
    """With what lies there for a prepaid one, in the supplier's book and in the shop's."""
    low_fen = 200_000 if business.terms == "prepaid" else None
    about = NewSupplier(business.name, business.currency, business.terms, low_fen, "模拟供应商，仅供演示")
    supplier = await channels.new_supplier(session, about)
    if business.deposit:
        now = clock.now()
        rate = await rates.fen_per(session, business.currency, shop.currency, clock.business_date(now, shop.zone))
        paid_fen = to_fen(business.deposit, rate)
        reference = f"SIMULATED-{business.key}"
        paid = NewPayment(supplier.public_id, "top_up", reference, business.deposit, paid_fen, now, note="模拟预存款")
        await payments.record(session, paid, shop.currency, shop.zone, None)
    return supplier


async def _channel(
    session: WriteSession,
    shop: Shop,
    supplier: Supplier,
    shelf: Shelf,
    credentials: Mapping[str, str],
    skus: Mapping[str, int],
) -> str:
    """A channel with its offers; where the supplier tells it of what happens."""
    base_url = f"http://127.0.0.1:{shop.settings.simulated_suppliers_port}/{shelf.name}"
    options = {"auth_url": f"{base_url}/oauth/token", "audience": base_url} if shelf.protocol == "reloadly" else {}
    new = NewChannel(
        shelf.name,
        shelf.title,
        shelf.protocol,
        supplier.id,
        base_url,
        credentials,
        options,
        check_on_order=shelf.protocol == "hmac_card",
        patience_s=10,
        pull_every_s=PULL_EVERY_S,
    )
    channel = await channels.add_channel(session, shop.vault, new, None)
    lines = market.sold_at(shelf)
    facts = [_fact(shelf, line) for line in lines]
    sku_of = {market.supplier_sku(shelf, line): skus[line.code] for line in lines}
    await offers.observe(session, channel.id, facts, "pull", clock.now(), sku_of=sku_of)
    public = shop.settings.public_url or f"http://127.0.0.1:{shop.settings.shop_port}"
    return f"{public.rstrip('/')}/suppliers/{channel.public_id}/notices"


def _fact(shelf: Shelf, line: Line) -> OfferFact:
    good = market.good(shelf, line)
    fields = tuple(FieldSpec(field.name, field.label, choices=field.choices) for field in good.fields)
    return OfferFact(good.supplier_sku, good.name, good.unit_cost, shelf.currency, good.stock, True, fields=fields)
