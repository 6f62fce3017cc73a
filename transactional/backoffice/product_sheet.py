"""One product at the desk: everything that staff see of it, with the form that was refused and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import uuid4

from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from mingsuan import clock
from transactional.backoffice.forms import Faults
from transactional.backoffice.wording import amount_hint, field_kind_texts, kind_texts, publish_state_texts
from transactional.catalogue import editing, service
from transactional.db import reading
from transactional.web.page import Page

PRICES_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Sheet:
    """Which product; which of its forms was refused (`part`), what was typed there, and why; or what was done.

    `warnings` are to be accepted before the form does what it says.
    """

    slug: str
    part: str = ""
    form: Mapping[str, str] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)
    fault: str = ""
    done: str = ""
    warnings: tuple[str, ...] = ()


async def product_page(page: Page, sheet: Sheet) -> HTMLResponse:
    """Raises NotFoundError."""
    async with reading(page.shop.engine) as session:
        found = await service.product_for_staff(session, sheet.slug)
        prices = await editing.prices(session, sheet.slug)
        categories = await service.categories(session)
    return page.show(
        "backoffice/product.html",
        status=422 if sheet.faults or sheet.fault or sheet.warnings else 200,
        tab="products",
        product=found,
        prices=prices[:PRICES_SHOWN],
        now=clock.now(),
        categories=categories,
        kinds=kind_texts(page.translate),
        field_kinds=field_kind_texts(page.translate),
        publish_states=publish_state_texts(page.translate),
        amount_hint=amount_hint(page.shop.currency, page.translate),
        part=sheet.part,
        form=Faults(sheet.form),
        faults=sheet.faults,
        fault=sheet.fault,
        warnings=sheet.warnings,
        done=named(page, sheet.done),
        key=uuid4().hex,
        back=f"/desk/products/{sheet.slug}",
    )


def fields_of(form: FormData, names: Sequence[str]) -> dict[str, str]:
    """What was typed into the named fields; no files."""
    return {name: value for name in names if isinstance(value := form.get(name, ""), str)}


def named(page: Page, what: str) -> str:
    """What the form before has done, said once on the page that it led to."""
    _ = page.translate
    return {
        "category": _("The category is there."),
        "category_changed": _("The category was changed."),
        "product": _("The product is there as a draft. Give it a SKU with a price, then publish it."),
        "changed": _("The product was changed."),
        "picture": _("The picture is shown from now on."),
        "no_picture": _("The picture is gone."),
        "form": _("Buyers are asked this from now on."),
        "sku": _("The SKU is there. Import its cards to have stock."),
        "sku_changed": _("The SKU was changed."),
        "parts": _("The bundle consists of this from now on."),
        "price": _("The new price is in force."),
        "price_later": _("The new price is noted and begins by itself."),
        "published": _("It is on sale now."),
        "withdrawn": _("It is no longer on sale."),
    }.get(what, "")
