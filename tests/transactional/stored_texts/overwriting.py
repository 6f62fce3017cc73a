"""Puts a text into every column that keeps one, whatever stands there: plain ones as the database's owner could, sealed
ones under the keys of those whose they are.

The rules of the ways in are tested where they are; here they are passed by, so that pages stand on their own.
"""

import json
from collections.abc import Awaitable, Callable, Container, Mapping

import psycopg
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.transactional.stored_texts.columns import FILLED, PARTS
from tests.transactional.stored_texts.payload import payload
from transactional.accounts.persons import personal
from transactional.cards import keyring
from transactional.cards.service import delivery_place
from transactional.cards.vault import Code
from transactional.db import WriteSession, writing
from transactional.draws.delivering import prize_place
from transactional.shop import Shop

ADDRESS = "https://partner.test/?"
"""Addresses are looked at when they are written: here is what follows a good beginning."""
PLAIN = "update shop.{table} set {column} = %s::text || '#' || ctid::text"
DETAIL = "update shop.{table} set {column} = coalesce({column}, '{{}}') || %s::jsonb"
WHOLE = "update shop.{table} set {column} = %s"
WITH_A_STATE = (
    "draw_winner.forfeit_reason",
    "invoice.code",
    "supplier_statement_line.request_no",
    "withdrawal_part.bank_reference",
)
"""Columns that are filled in some states only."""
IN_PARTS = ("alert.detail", "notice.values", "purchase_event.detail", "supply_channel.options")
"""Columns of JSON whose parts are texts of their own."""
LONGEST_LABEL = 100
HOME = {"phone": "+8613800138000", "province": "浙江省", "postcode": "310000"}
IN_JSON = """
select table_name || '.' || column_name from information_schema.columns
where table_schema = 'shop' and data_type = 'jsonb'
"""
Change = tuple[str, tuple[object, ...]]
Changes = Callable[[WriteSession, Shop, str, str], Awaitable[list[Change]]]
Fields = Callable[[Callable[[str], str]], Mapping[str, str]]


async def everything(shop: Shop, urls: DatabaseUrls, start: str) -> set[str]:
    """Overwrites every row of every column. Columns of which there was no row are answered."""
    async with writing(shop.engine) as session:
        under_keys = {column: await changes(session, shop, column, start) for column, changes in SEALED.items()}
    empty = {column for column, rows in under_keys.items() if not rows}
    with psycopg.connect(urls.owner.replace("shop_owner@", "postgres@"), autocommit=True) as connection:
        connection.execute("set session_replication_role = replica")  # append-only tables are no exception
        in_json = {row[0] for row in connection.execute(IN_JSON).fetchall()}
        for rows in under_keys.values():
            for statement, values in rows:
                connection.execute(statement, values)
        for column in FILLED.keys() - SEALED.keys():
            table, _, name = column.partition(".")
            statement, value = _in_clear(column, start, in_json)
            done = connection.execute(statement.format(table=table, column=name), [value])
            empty |= {column} if not done.rowcount else set()
    return empty


def _in_clear(column: str, start: str, in_json: Container[str]) -> tuple[str, str]:
    def said(part: str) -> str:
        return payload(f"{column}/{part}", start)

    if column in IN_PARTS:
        return DETAIL, json.dumps({part: said(part) for part in PARTS[column]})
    if column == "product.delivery_form":
        labels = {part: said(part)[:LONGEST_LABEL] for part in ("label_zh", "label_en")}
        asked = {"name": "account", "kind": "text", "required": True, "options": [], **labels}
        form = [asked, {**asked, "name": "server", "kind": "select", "options": [said("options")]}]
        return f"{WHOLE} where jsonb_array_length({{column}}) > 0", json.dumps(form)
    if column == "order_item.form_answers":
        return WHOLE, json.dumps({"account": payload(column, start)})
    if column == "payment.pay_link":
        words = payload(column, start)
        link = {"kind": "form", "url": ADDRESS + words, "fields": {"sign": words}}
        return f"{WHOLE} where state = 'pending'", json.dumps(link)
    if column in in_json:
        return DETAIL, json.dumps({"said": payload(column, start)})
    plain = f"{PLAIN} where {{column}} is not null" if column in WITH_A_STATE else PLAIN
    return plain, payload(column, ADDRESS if column.endswith("_url") else start)


def _personal(
    place: str, fields: Fields, rows: str = "select id, customer_id, null from shop.{table}", key: str = "data_key_id"
) -> Changes:
    """`rows` gives id, customer and what the place's braces are filled with."""

    async def changes(session: WriteSession, shop: Shop, column: str, start: str) -> list[Change]:
        table, _, name = column.partition(".")
        values = fields(lambda part: payload(f"{column}/{part}", start))
        update, made = f"update shop.{table} set {name} = %s, {key} = %s where id = %s", []
        for row_id, customer_id, of in (await session.execute(text(rows.format(table=table)))).all():
            kept = await personal.seal(session, shop.vault, customer_id, place.format(of), values)
            made.append((update, (kept.content, kept.data_key_id, row_id)))
        return made

    return changes


def _home(said: Callable[[str], str]) -> dict[str, str]:
    return HOME | {part: said(part) for part in ("recipient", "city", "district", "street")}


def _answers(said: Callable[[str], str]) -> dict[str, str]:
    return {"answers": json.dumps([["account", said("label_zh"), said("label_en"), said("value")]])}


async def _codes(session: WriteSession, shop: Shop, column: str, start: str) -> list[Change]:
    found = await session.execute(text("select id, data_key_id from shop.card where data_key_id is not null"))
    code = Code(payload(f"{column}/code", start), payload(f"{column}/secret", start))
    of_key: dict[int, dict[int, Code]] = {}
    for card, key_id in found.all():
        of_key.setdefault(key_id, {})[card] = code
    made: dict[int, bytes] = {}
    for key_id, codes in of_key.items():
        made |= shop.vault.seal_codes(await keyring.data_key(session, key_id), codes)
    return [("update shop.card set ciphertext = %s where id = %s", (it, card)) for card, it in made.items()]


async def _deliveries(session: WriteSession, shop: Shop, column: str, start: str) -> list[Change]:
    found = (await session.execute(text("select id, fulfilment_id, data_key_id from shop.sealed_delivery"))).all()
    content, made = payload(column, start).encode(), []
    for row, fulfilment, key_id in found:
        it = shop.vault.seal_bytes(await keyring.data_key(session, key_id), delivery_place(fulfilment), content)
        made.append(("update shop.sealed_delivery set ciphertext = %s where id = %s", (it, row)))
    return made


async def _prizes(session: WriteSession, shop: Shop, column: str, start: str) -> list[Change]:
    found = (
        await session.execute(text("select id, data_key_id from shop.draw_winner where ciphertext is not null"))
    ).all()
    content, made = payload(column, start).encode(), []
    for row, key_id in found:
        it = shop.vault.seal_bytes(await keyring.data_key(session, key_id), prize_place(row), content)
        made.append(("update shop.draw_winner set ciphertext = %s where id = %s", (it, row)))
    return made


SEALED: dict[str, Changes] = {
    "address.sealed": _personal("address", _home),
    "destination.sealed": _personal("destination", _home),
    "identity_check.sealed": _personal(
        "identity",
        lambda said: {"name": said("name"), "number": "11010519491231002X"},
        "select id, customer_id, null from shop.identity_check where sealed is not null",
    ),
    "invoice.sealed": _personal(
        "invoice", lambda said: {"kind": "person", "title": said("title"), "tax_no": "", "email": said("email")}
    ),
    "withdrawal.sealed_bank_account": _personal(
        "withdrawal",
        lambda said: {"holder": said("holder"), "bank": said("bank"), "account": "6225888800001234"},
        "select id, customer_id, null from shop.withdrawal where sealed_bank_account is not null",
    ),
    "aftersales_message.sealed": _personal(
        "case-message:{}",
        lambda said: {"words": said("words")},
        "select m.id, c.customer_id, c.public_id from shop.aftersales_message as m"
        " join shop.aftersales_case as c on c.id = m.case_id",
    ),
    "shipment_event.sealed": _personal(
        "courier's word",
        lambda said: {"word": said("word")},
        "select e.id, s.customer_id, null from shop.shipment_event as e"
        " join shop.shipment as s on s.id = e.shipment_id",
    ),
    "provider_account.sealed": _personal("provider-account", lambda said: {"ref": "a-1", "label": said("label")}),
    "order_item.sealed_answers": _personal(
        "answers",
        _answers,
        "select i.id, o.customer_id, null from shop.order_item as i join shop.orders as o on o.id = i.order_id"
        " where i.sealed_answers is not null",
        "answers_key_id",
    ),
    "card.ciphertext": _codes,
    "draw_winner.ciphertext": _prizes,
    "sealed_delivery.ciphertext": _deliveries,
}
