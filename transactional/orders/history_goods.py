"""The goods that an imported history names: its category, products and SKUs, made once and never on sale."""

import re
from collections.abc import Iterable, Mapping
from hashlib import sha256

from transactional.bulk_copy import Connection
from transactional.orders.history_identity import FileOrder
from transactional.orders.history_mapping import Goods

_KEY_OF_SKU = "select id from shop.sku where code = %s"


def sku_keys(connection: Connection, source: str, goods: Goods, orders: Iterable[FileOrder]) -> dict[str | None, int]:
    """Key of the SKU of each code in the orders (None: the mapping's constant). A known code is that SKU."""
    wanted: dict[str | None, str | None] = {}
    for order in orders:
        for _, row in order.lines:
            if not wanted.get(row.sku):
                wanted[row.sku] = row.title
    return {code: _sku(connection, source, goods, code, title) for code, title in wanted.items()}


def _sku(connection: Connection, source: str, goods: Goods, code: str | None, title: str | None) -> int:
    known = connection.execute(_KEY_OF_SKU, (code or goods.sku,)).fetchone()
    if known:
        return _key(known)
    names = {"zh": title or code or goods.title_zh, "en": title or code or goods.title_en}
    product = connection.execute(
        "insert into shop.product (category_id, slug, kind, title_zh, title_en, publish_state)"
        " values (%(category)s, %(slug)s, %(kind)s, %(zh)s, %(en)s, 'withdrawn') returning id",
        {
            "category": _category(connection, goods),
            "slug": _slug(source, code or goods.sku),
            "kind": goods.kind,
            **names,
        },
    ).fetchone()
    sku = connection.execute(
        "insert into shop.sku (product_id, code, name_zh, name_en, publish_state)"
        " values (%(product)s, %(code)s, %(zh)s, %(en)s, 'withdrawn') returning id",
        {"product": _key(product), "code": code or goods.sku, **names},
    ).fetchone()
    return _key(sku)


def _category(connection: Connection, goods: Goods) -> int:
    values: Mapping[str, str] = {"slug": goods.category_slug, "zh": goods.category_zh, "en": goods.category_en}
    connection.execute(
        "insert into shop.category (slug, name_zh, name_en, position)"
        " values (%(slug)s, %(zh)s, %(en)s, (select count(*) from shop.category)) on conflict (slug) do nothing",
        values,
    )
    return _key(connection.execute("select id from shop.category where slug = %(slug)s", values).fetchone())


def _slug(source: str, code: str) -> str:
    """Readable, and distinct for codes that differ in signs only."""
    readable = re.sub(r"[^a-z0-9]+", "-", f"{source}-{code}".lower()).strip("-")
    return f"{readable[:80]}-{sha256(f'{source}/{code}'.encode()).hexdigest()[:8]}"


def _key(row: tuple[object, ...] | None) -> int:
    if row is None or not isinstance(row[0], int):
        raise LookupError(f"a key was expected, not {row!r}")
    return row[0]
