"""A product as search engines read it: schema.org, JSON-LD. Pure."""

import json
from typing import Any

from markupsafe import Markup

from mingsuan import money
from transactional.catalogue.schemas import ProductView
from transactional.web.templating import local

CONTEXT = "https://schema.org"


def product(found: ProductView, language: str, currency: str, shop: str) -> Markup:
    """A Product with an Offer for each variant that has a price; availability is what stands on the page."""
    address = f"{shop}/products/{found.slug}"
    whole: dict[str, Any] = {
        "@context": CONTEXT,
        "@type": "Product",
        "name": local(found, "title", language),
        "description": local(found, "description", language),
        "sku": found.slug,
        "category": local(found, "category_name", language),
        "url": address,
        "offers": [
            {
                "@type": "Offer",
                "name": local(sku, "name", language),
                "sku": sku.code,
                "price": money.plain(sku.list_price_fen, currency),
                "priceCurrency": currency,
                "availability": f"{CONTEXT}/{'OutOfStock' if sku.stock == 0 else 'InStock'}",
                "url": f"{address}?sku={sku.id}",
            }
            for sku in found.skus
            if sku.list_price_fen is not None
        ],
    }
    if found.picture:
        whole["image"] = f"{shop}/pictures/{found.picture}/wide.webp"
    return in_page(whole)


def in_page(data: dict[str, Any]) -> Markup:
    """JSON that cannot end the script element that it stands in (HTML Living Standard, 4.12.1.3)."""
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    escaped = plain.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704  (nothing in it can be markup any more)
