"""What buyers answered to the questions of an order's products: sealed with its labels under the buyer's own key.

Opened for the buyer, and for staff who deliver; nothing else of an order holds it.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import text

from transactional.accounts.persons import personal
from transactional.cards.vault import Vault
from transactional.catalogue.forms import Answer, FormField, answered
from transactional.db import ReadSession, WriteSession
from transactional.orders.schemas import AnswerView

PLACE = "answers"
AT_ONCE = 200

SEALED = text("""
select i.line_no, i.sealed_answers, i.answers_key_id, o.customer_id
from shop.order_item as i
join shop.orders as o on o.id = i.order_id
where o.order_no = :order_no and (cast(:customer_id as bigint) is null or o.customer_id = :customer_id)
    and i.sealed_answers is not null
""")

IN_CLEAR = text("""
select i.id, i.form_answers, p.delivery_form, o.customer_id
from shop.order_item as i
join shop.orders as o on o.id = i.order_id
join shop.sku as s on s.id = coalesce(i.bundle_sku_id, i.sku_id)
join shop.product as p on p.id = s.product_id
where i.form_answers is not null
order by i.id limit :at_once for update of i skip locked
""")

PUT_AWAY = text("""
update shop.order_item
set form_answers = null, sealed_answers = coalesce(:sealed, sealed_answers),
    answers_key_id = coalesce(:key_id, answers_key_id)
where id = :id
""")


async def seal(
    session: WriteSession, vault: Vault, customer_id: int, answers: Sequence[Answer]
) -> personal.Sealed | None:
    """The answers as an order's line keeps them; None when nothing was asked."""
    if not answers:
        return None
    said = [[answer.name, answer.label_zh, answer.label_en, answer.value] for answer in answers]
    values = {"answers": json.dumps(said, ensure_ascii=False)}
    return await personal.seal(session, vault, customer_id, PLACE, values)


async def of_order(
    session: ReadSession, vault: Vault, order_no: str, customer_id: int | None
) -> dict[int, tuple[AnswerView, ...]]:
    """By number of the line; of anybody's order when no customer is named. Those of an erased person are gone."""
    rows = await session.execute(SEALED, {"order_no": order_no, "customer_id": customer_id})
    found: dict[int, tuple[AnswerView, ...]] = {}
    for row in rows.all():
        sealed = personal.Sealed(row.answers_key_id, bytes(row.sealed_answers))
        try:
            opened = await personal.unseal(session, vault, row.customer_id, PLACE, sealed)
        except personal.ErasedError:
            continue
        found[row.line_no] = tuple(
            AnswerView(name=name, label_zh=zh, label_en=en, value=value)
            for name, zh, en, value in json.loads(opened["answers"])
        )
    return found


async def seal_what_is_in_clear(session: WriteSession, vault: Vault) -> int:
    """Rows of before answers were sealed, some at a time; how many. Their labels are the product's of today."""
    rows = (await session.execute(IN_CLEAR, {"at_once": AT_ONCE})).all()
    for row in rows:
        sealed = await seal(session, vault, row.customer_id, _labelled(row.form_answers, row.delivery_form))
        put = {"sealed": sealed.content, "key_id": sealed.data_key_id} if sealed else {"sealed": None, "key_id": None}
        await session.execute(PUT_AWAY, {"id": row.id, **put})
    return len(rows)


def _labelled(given: Mapping[str, str] | None, form: Sequence[Mapping[str, Any]]) -> tuple[Answer, ...]:
    """In the order of today's form; a question that it asks no more is called by its name."""
    known = [FormField.model_validate(field) for field in form]
    names = {field.name for field in known}
    gone = [FormField(name=name, label_zh=name, label_en=name) for name in given or {} if name not in names]
    return answered((*known, *gone), given or {})
