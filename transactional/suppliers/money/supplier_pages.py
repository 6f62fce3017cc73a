"""The desk's pages of suppliers: balances and how long they last, payments recorded, what the shop wants of each."""

from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any
from uuid import UUID, uuid4

from fastapi import APIRouter, Depends, Form
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from mingsuan.money import minor_digits, plain
from transactional.backoffice.forms import Faults, RefusedForm, amount_fen, faults_of, sentence_of
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.backoffice.wording import amount_hint
from transactional.db import WriteSession
from transactional.errors import NotFoundError, ShopError
from transactional.suppliers.channels.supply_wording import terms_texts
from transactional.suppliers.money import money_views, payments, runway, terms
from transactional.suppliers.money.money_wording import done_texts, payment_texts
from transactional.suppliers.money.payments import NewPayment
from transactional.suppliers.money.runway_rules import DAYS, Runway
from transactional.suppliers.money.runway_rules import runway as lasts_for
from transactional.suppliers.offers.rate_rules import own_rate, to_fen
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

router = APIRouter(prefix="/desk/suppliers", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
Typed = Annotated[str, Form(max_length=200)]


@router.get("")
async def listed(page: DeskPage, session: PageReading) -> HTMLResponse:
    found = await money_views.suppliers(session)
    return page.show(
        "suppliers/suppliers.html",
        tab="suppliers",
        suppliers=found,
        lasting=await _lasting(page, session, found),
        terms=terms_texts(page.translate),
        owed_fen=sum(each.payable_fen for each in found),
        prepaid_fen=sum(each.prepaid_fen for each in found),
        days=DAYS,
    )


@router.get("/{supplier}")
async def one(page: DeskPage, session: PageReading, supplier: UUID, done: str = "") -> HTMLResponse:
    return await _shown(page, session, supplier, done=done_texts(page.translate).get(done, ""))


@router.post("/{supplier}/payments", dependencies=[Depends(may("pay_suppliers"))])
async def pay(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    supplier: UUID,
    key: FormKey,
    kind: Typed = "",
    amount: Typed = "",
    paid: Typed = "",
    owed: Typed = "",
    reference: Typed = "",
    day: Typed = "",
    note: Annotated[str, Form(max_length=500)] = "",
) -> Response:
    """A deposit, or the end of a debt, that the bank has carried out already."""
    typed = Faults(
        {"kind": kind, "amount": amount, "paid": paid, "owed": owed, "reference": reference, "day": day, "note": note}
    )
    try:
        new = await _payment(page, session, supplier, typed)

        async def work(session: WriteSession) -> Done:
            await payments.record(session, new, page.shop.currency, page.shop.zone, clerk.id)
            return Done(said="paid")

        await do_once(page, clerk, key, f"pay {supplier} {sorted(typed.items())}", Done, work)
    except NotFoundError:
        raise
    except (RefusedForm, ShopError) as refusal:
        return await _refused(page, session, supplier, refusal, typed)
    return go(f"/desk/suppliers/{supplier}?done=paid")


@router.post("/{supplier}/terms", dependencies=[Depends(may("manage_channels"))])
async def change(
    page: DeskPage,
    clerk: Clerk,
    session: PageReading,
    supplier: UUID,
    key: FormKey,
    low: Typed = "",
    note: Annotated[str, Form(max_length=2000)] = "",
) -> Response:
    """From which balance on a prepaid supplier wants a deposit, and a note."""
    try:
        fen = amount_fen("low", low, page.shop.currency, page.translate) if low.strip() else None

        async def work(session: WriteSession) -> Done:
            await terms.change(session, supplier, fen, note.strip(), clerk.id)
            await runway.watch(session, clock.now(), page.shop.zone)
            return Done(said="terms")

        await do_once(page, clerk, key, f"terms {supplier} {low} {note}", Done, work)
    except NotFoundError:
        raise
    except (RefusedForm, ShopError) as refusal:
        return await _refused(page, session, supplier, refusal, Faults({"low": low}))
    return go(f"/desk/suppliers/{supplier}?done=terms")


async def _payment(page: Page, session: PageReading, supplier: UUID, typed: Faults) -> NewPayment:
    """What was typed. In the shop's own currency what is paid is what arrives. Raises RefusedForm, NotFoundError."""
    found = await money_views.supplier(session, supplier)
    if found is None:
        raise NotFoundError
    _, currency = page.translate, page.shop.currency
    faults = Faults()
    amount = _amount(typed["amount"], found.currency)
    if amount is None:
        faults["amount"] = _("Not an amount, such as 12.30")
    fens: dict[str, int] = {}
    for name in ("paid", "owed"):
        if typed[name].strip():
            try:
                fens[name] = amount_fen(name, typed[name], currency, _)
            except RefusedForm as refused:
                faults.update(refused.faults)
    if amount is not None and "paid" not in fens and found.currency == currency:
        fens["paid"] = to_fen(amount, own_rate(currency))
    if "paid" not in fens and "paid" not in faults and found.currency != currency:
        faults["paid"] = _("Must not be empty")
    paid_at = _instant(page, typed["day"])
    if paid_at is None:
        faults["day"] = _("Not a day")
    if faults or amount is None or paid_at is None:
        raise RefusedForm(faults)
    about = (typed["kind"], typed["reference"], amount, fens["paid"], paid_at, fens.get("owed"), typed["note"])
    return NewPayment(supplier, *about)


def _amount(typed: str, currency: str) -> Decimal | None:
    try:
        amount = Decimal(typed.replace(",", "").strip())
    except InvalidOperation:
        return None
    is_usual = amount.is_finite() and 0 < amount < Decimal(10) ** 12
    return amount if is_usual and amount == round(amount, minor_digits(currency)) else None


def _instant(page: Page, typed: str) -> datetime | None:
    """Noon of a day that has come; now, for today."""
    now = clock.now()
    try:
        noon = datetime.combine(datetime.fromisoformat(typed).date(), time(12), page.shop.zone)
    except ValueError:
        return None
    if noon.date() > now.astimezone(page.shop.zone).date():
        return None
    return min(noon, now)


async def _lasting(page: Page, session: PageReading, found: Any) -> dict[int, Runway | None]:
    """By supplier how long what lies there lasts; prepaid ones only."""
    spent = await runway.daily_spend(session, clock.now(), page.shop.zone)
    return {
        each.id: lasts_for(each.prepaid_fen, spent.get(each.id, ())) if each.terms == "prepaid" else None
        for each in found
    }


async def _refused(
    page: Page, session: PageReading, supplier: UUID, refusal: RefusedForm | ShopError, typed: Faults
) -> HTMLResponse:
    if isinstance(refusal, RefusedForm):
        return await _shown(page, session, supplier, status=422, faults=refusal.faults, typed=typed)
    fault, faults = sentence_of(refusal, page.language), faults_of(refusal, page.language)
    return await _shown(page, session, supplier, status=refusal.status, fault=fault, faults=faults, typed=typed)


async def _shown(
    page: Page,
    session: PageReading,
    supplier: UUID,
    *,
    status: int = 200,
    done: str = "",
    fault: str = "",
    faults: Faults | None = None,
    typed: Faults | None = None,
) -> HTMLResponse:
    found = await money_views.supplier(session, supplier)
    if found is None:
        raise NotFoundError
    statements, _ = await money_views.statements(session, supplier=supplier, limit=10)
    return page.show(
        "suppliers/suppliers_one.html",
        status=status,
        tab="suppliers",
        supplier=found,
        lasts=(await _lasting(page, session, [found]))[found.id],
        channels=await money_views.channels_of(session, found.id),
        payments=await money_views.payments_of(session, found.id),
        statements=statements,
        kinds=payment_texts(page.translate),
        terms=terms_texts(page.translate),
        today=clock.now().astimezone(page.shop.zone).date().isoformat(),
        currency=page.shop.currency,
        amount_hint=amount_hint(page.shop.currency, page.translate),
        days=DAYS,
        low="" if found.low_balance_fen is None else plain(found.low_balance_fen, page.shop.currency),
        done=done,
        fault=fault,
        faults=faults or Faults(),
        form=typed or Faults(),
        key=lambda: uuid4().hex,
        back=f"/desk/suppliers/{supplier}",
    )
