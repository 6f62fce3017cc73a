"""Everything that the shop holds of a customer, as one JSON document; built when it is asked for, kept nowhere.

What is sealed is opened. Left out: keys, hashes and tokens; codes of goods, which their orders show; and words that
staff wrote for each other.
"""

from typing import Any

from sqlalchemy import LargeBinary, Table, text

from mingsuan import clock
from transactional.accounts.persons import addresses, contacts, identity
from transactional.accounts.persons.identity_queries import latest
from transactional.aftersales import service as aftersales
from transactional.benefits import bindings
from transactional.cards.vault import Vault
from transactional.db import SCHEMA, Base, ReadSession
from transactional.orders import service as orders

SECRET = frozenset({"password_hash", "row_xid", "pay_link", "token_sha256", "is_internal"})
LEFT_OUT = frozenset({"one_time_code", "known_device", "sealed_delivery", "address", "identity_check"})
"""Tables of secrets, and those whose sealed content stands opened in a part of its own."""
ORDERS_AT_ONCE = 100
CASES_AT_MOST = 1000


async def document(session: ReadSession, vault: Vault, customer_id: int) -> dict[str, Any]:
    """By part; amounts in fen, instants in UTC."""
    return {
        "made_at": clock.now(),
        "phone": await contacts.phone_of(session, vault, customer_id),
        "addresses": [each.model_dump() for each in await addresses.list_of(session, vault, customer_id)],
        "identity": await _identity(session, vault, customer_id),
        "orders": await _orders(session, vault, customer_id),
        "cases": await _cases(session, vault, customer_id),
        "accounts_at_providers": [each.model_dump() for each in await bindings.accounts(session, vault, customer_id)],
        "records": await _records(session, customer_id),
    }


async def _identity(session: ReadSession, vault: Vault, customer_id: int) -> dict[str, Any] | None:
    check = await latest(session, customer_id)
    if check is None:
        return None
    told = {"state": check.state, "reason": check.reason, "asked_at": check.asked_at, "decided_at": check.decided_at}
    given = await identity.opened(session, vault, check) if check.sealed is not None else {}
    return {**told, **given}


async def _orders(session: ReadSession, vault: Vault, customer_id: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    while True:
        listed = await orders.orders(session, customer_id, limit=ORDERS_AT_ONCE, offset=len(found))
        for summary in listed.items:
            whole = await orders.order_with_answers(session, vault, customer_id, summary.order_no)
            found.append(whole.model_dump())
        if len(found) >= listed.total or not listed.items:
            return found


async def _cases(session: ReadSession, vault: Vault, customer_id: int) -> list[dict[str, Any]]:
    """With every message of both sides, but not what staff noted for each other."""
    listed = await aftersales.cases(session, customer_id, CASES_AT_MOST, 0)
    wholes = [await aftersales.case(session, vault, customer_id, each.id) for each in listed.items]
    return [each.model_dump() for each in wholes]


async def _records(session: ReadSession, customer_id: int) -> dict[str, Any]:
    """Rows that name the customer, by table, without what is secret or sealed: also of tables that are yet to come."""
    found: dict[str, Any] = {}
    for table in Base.metadata.sorted_tables:
        owner = "id" if table.name == "customer" else "customer_id"
        if table.name in LEFT_OUT or owner not in table.columns:
            continue
        rows = await session.scalars(_rows_of(table, owner), {"customer_id": customer_id, "omitted": _omitted(table)})
        if kept := list(rows):
            found[table.name] = kept
    return found


def _rows_of(table: Table, owner: str) -> Any:
    return text(
        f"select to_jsonb(t) - cast(:omitted as text[]) from {SCHEMA}.{table.name} as t where {owner} = :customer_id"
    )


def _omitted(table: Table) -> list[str]:
    return [
        column.name
        for column in table.columns
        if column.name in SECRET
        or isinstance(column.type, LargeBinary)
        or column.name.endswith("_id")
        or column.name == "id"
    ]
