"""The filters of the list of orders as people type them: kept in the address, checked one by one, named on record."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Self
from urllib.parse import urlencode

from fastapi import Request

from mingsuan.i18n import Translator
from transactional.backoffice import customers
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen
from transactional.backoffice.order_list import OrderFilter, products
from transactional.db import ReadSession
from transactional.orders.rules import ORDER_STATES, WAITS
from transactional.payments.rules import PAYMENT_METHODS
from transactional.web.page import Page

LONGEST = 254


@dataclass(frozen=True, slots=True)
class FilterForm:
    """As typed; an empty field does not filter."""

    state: str = ""
    since: str = ""
    until: str = ""
    method: str = ""
    product: str = ""
    customer: str = ""
    least: str = ""
    most: str = ""
    waits_for: str = ""

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Self:
        return cls(**{each.name: str(given.get(each.name, ""))[:LONGEST].strip() for each in fields(cls)})

    @property
    def set(self) -> dict[str, str]:
        """The fields that filter."""
        return {name: value for name, value in asdict(self).items() if value}

    def query(self, **more: str) -> str:
        """Of an address that shows the same orders."""
        return urlencode({**self.set, **more})

    def on_record(self) -> dict[str, str]:
        """The filters without the customer, who is recorded by public name only."""
        return {name: value for name, value in self.set.items() if name != "customer"}


async def filter_form(request: Request) -> FilterForm:
    """From the address."""
    return FilterForm.of(request.query_params)


async def chosen_by(form: FilterForm, session: ReadSession, page: Page) -> OrderFilter:
    """What the form means. Raises RefusedForm naming every field that means nothing."""
    _, faults = page.translate, Faults()
    for name, known in (("state", ORDER_STATES), ("method", PAYMENT_METHODS), ("waits_for", ("any", *WAITS))):
        if getattr(form, name) not in ("", *known):
            faults[name] = _("Choose one of the list")
    product = await _product(form, session, faults, _)
    customer = await customers.known_by(session, page.shop.vault, form.customer) if form.customer else None
    if form.customer and customer is None:
        faults["customer"] = _("Nobody is known by this")
    since, until = _day(form.since, "since", faults, _), _day(form.until, "until", faults, _)
    least, most = _amount(form.least, "least", page, faults), _amount(form.most, "most", page, faults)
    if faults:
        raise RefusedForm(faults)
    return OrderFilter(
        state=form.state,
        since=since,
        until=until,
        method=form.method,
        product_id=product,
        customer_id=customer[0] if customer else None,
        least_fen=least,
        most_fen=most,
        waits_for=form.waits_for,
    )


async def _product(form: FilterForm, session: ReadSession, faults: Faults, _: Translator) -> int | None:
    if not form.product:
        return None
    found = {row.slug: row.id for row in await products(session)}.get(form.product)
    if found is None:
        faults["product"] = _("Choose one of the list")
    return found


def _day(typed: str, name: str, faults: Faults, _: Translator) -> date | None:
    try:
        day = date.fromisoformat(typed) if typed else None
    except ValueError:
        day = date.min
    if day is not None and not 1970 <= day.year < 9999:
        faults[name] = _("Not a day, such as 2026-11-22")
        return None
    return day


def _amount(typed: str, name: str, page: Page, faults: Faults) -> int | None:
    if not typed:
        return None
    try:
        return amount_fen(name, typed, page.shop.currency, page.translate)
    except RefusedForm as refused:
        faults |= refused.faults
        return None
