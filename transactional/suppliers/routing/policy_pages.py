"""The desk's forms for the rules of routing: the shop's, and those of single SKUs; each change is a new version."""

from dataclasses import replace
from uuid import uuid4

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, Response

from mingsuan import clock
from transactional.accounts import service as accounts
from transactional.accounts.schemas import StaffSubject
from transactional.backoffice.forms import RefusedForm
from transactional.backoffice.once_at_desk import Done, FormKey, do_once
from transactional.backoffice.roles import may
from transactional.db import ReadSession, WriteSession, reading
from transactional.errors import NotFoundError
from transactional.suppliers.routing import policies, policy_form
from transactional.suppliers.routing import views as routing_views
from transactional.suppliers.routing.lines import facts
from transactional.suppliers.routing.policies import policy_of
from transactional.suppliers.routing.policy_form import PolicyForm
from transactional.suppliers.routing.terms import Policy
from transactional.suppliers.routing.views import RoutedSku
from transactional.suppliers.routing.wording import at_loss_texts
from transactional.web.page import Clerk, DeskPage, Page, PageReading, go

VERSIONS = 20

router = APIRouter(prefix="/desk/routing", include_in_schema=False, dependencies=[Depends(may("see_supply"))])
may_set = Depends(may("set_routing"))


@router.get("/rules")
async def of_shop(page: DeskPage, session: PageReading) -> HTMLResponse:
    return await _shown(page, session, None)


@router.post("/rules", dependencies=[may_set])
async def set_of_shop(page: DeskPage, clerk: Clerk, request: Request, key: FormKey) -> Response:
    return await _set(page, clerk, None, policy_form.typed(await request.form()), key)


@router.get("/skus/{code}")
async def of_sku(page: DeskPage, session: PageReading, code: str) -> HTMLResponse:
    return await _shown(page, session, await _sku(session, code))


@router.post("/skus/{code}", dependencies=[may_set])
async def set_of_sku(page: DeskPage, clerk: Clerk, code: str, request: Request, key: FormKey) -> Response:
    async with reading(page.shop.engine) as session:
        sku = await _sku(session, code)
    return await _set(page, clerk, sku, policy_form.typed(await request.form()), key)


@router.post("/skus/{code}/follow", dependencies=[may_set])
async def follow(page: DeskPage, clerk: Clerk, code: str, key: FormKey) -> Response:
    """The shop's rules hold for the SKU again."""
    async with reading(page.shop.engine) as session:
        sku = await _sku(session, code)

    async def work(session: WriteSession) -> Done:
        await policies.follow_shop(session, sku.id, "", clerk.id)
        await accounts.record_act(session, clerk.id, "drop_routing", f"sku:{sku.code}")
        return Done(said="follows")

    done = await do_once(page, clerk, key, f"follow routing {sku.code}", Done, work)
    return go(f"/desk/routing?done={done.said}")


def done_text(page: Page, done: str) -> str:
    _ = page.translate
    return {
        "set": _("The rules hold from now on; those before stay on record."),
        "follows": _("The SKU follows the shop's rules again."),
    }.get(done, "")


async def _set(page: Page, clerk: StaffSubject, sku: RoutedSku | None, form: PolicyForm, key: str) -> Response:
    async with reading(page.shop.engine) as session:
        channels = await routing_views.channels(session)
        try:
            new = policy_form.policy(form, channels, page.shop.currency, page.translate)
        except RefusedForm as refused:
            return await _shown(page, session, sku, replace(form, faults=refused.faults))
    reason = form.typed["reason"].strip()

    async def work(session: WriteSession) -> Done:
        row = await policies.set_policy(session, sku.id if sku else None, new, reason, clerk.id)
        about = f"sku:{sku.code}" if sku else "routing"
        await accounts.record_act(session, clerk.id, "set_routing", about, reason=reason, detail={"version": row.id})
        return Done(said="set")

    done = await do_once(page, clerk, key, f"routing {sku.code if sku else ''} {new} {reason}", Done, work)
    return go(f"/desk/routing?done={done.said}")


async def _shown(
    page: Page, session: ReadSession, sku: RoutedSku | None, refused: PolicyForm | None = None
) -> HTMLResponse:
    _ = page.translate
    channels = await routing_views.channels(session)
    names = {each.id: each.name for each in channels}
    known = await policies.in_force(session, [sku.id] if sku else [])
    has_own = sku is not None and sku.id in known.own
    now = known.of(sku.id) if sku else known.shop
    versions = await routing_views.versions(session, sku.id if sku else None, VERSIONS)
    return page.show(
        "suppliers/routing_rules.html",
        status=422 if refused else 200,
        tab="routing",
        sku=sku,
        has_own=has_own,
        form=refused or policy_form.shown(now.policy, channels, page.shop.currency),
        channels=[each for each in channels if each.state != "ended" or each.id in _named(now.policy)],
        at_loss=at_loss_texts(_),
        versions=[(row, who, _facts(row.follows_shop, policy_of(row), names, page)) for row, who in versions],
        now=clock.now(),
        key=uuid4().hex,
        back=f"/desk/routing/skus/{sku.code}" if sku else "/desk/routing/rules",
    )


def _named(policy: Policy) -> set[int | None]:
    """Channels that a policy speaks of, ended ones too."""
    windows = [window.channel_id for window in policy.windows]
    return {*policy.excluded_channel_ids, policy.pinned_channel_id, *windows}


def _facts(follows: bool, policy: Policy, names: dict[int, str], page: Page) -> list[tuple[str, str]]:
    return [] if follows else facts(policy, names, page.money, page.translate)


async def _sku(session: ReadSession, code: str) -> RoutedSku:
    """Raises NotFoundError."""
    found = await routing_views.sku(session, code, clock.now())
    if found is None:
        raise NotFoundError
    return found
