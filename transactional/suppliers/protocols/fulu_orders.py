"""What an order says to a Fulu gateway: cards, direct top-ups by their fields, phone credit by its face value. Pure."""

from collections.abc import Mapping

from transactional.suppliers.protocols.fulu_words import MOBILE
from transactional.suppliers.protocols.interface import SupplierRefusedError, SupplyAsk

PHONE = "charge_phone"
DIRECT_FIELDS = frozenset(
    {
        "charge_account",
        "charge_password",
        "charge_game_name",
        "charge_game_region",
        "charge_game_srv",
        "charge_game_role",
        "charge_type",
        "charge_ip",
        "contact_qq",
        "contact_tel",
    }
)
ALIASES: Mapping[str, str] = {"account": "charge_account", "phone": PHONE}
"""Names under which a product's form may ask for them, too."""


def order(ask: SupplyAsk) -> tuple[str, dict[str, object]]:
    """Method and parameters of an order. Raises SupplierRefusedError for fields that the gateway does not know."""
    biz: dict[str, object] = {
        "customer_order_no": ask.request_no,
        "customer_price": f"{ask.max_unit_cost:f}",
        "notify_url": ask.callback_url,
    }
    fields = {ALIASES.get(name, name): value for name, value in ask.fields.items()}
    if ask.supplier_sku.startswith(MOBILE):
        if set(fields) != {PHONE} or ask.quantity != 1:
            raise SupplierRefusedError("fields", f"a phone top-up takes {PHONE} alone, one at a time")
        value = ask.supplier_sku.removeprefix(MOBILE)
        return "fulu.order.mobile.add", {**biz, "charge_value": value, PHONE: fields[PHONE]}
    biz |= {"product_id": ask.supplier_sku, "buy_num": ask.quantity}
    if not fields:
        return "fulu.order.card.add", biz
    if unknown := set(fields) - DIRECT_FIELDS:
        raise SupplierRefusedError("fields", f"no such field of an order: {', '.join(sorted(unknown))}")
    return "fulu.order.direct.add", {**biz, **fields}
