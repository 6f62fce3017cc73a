"""Cases: a customer's own, from asking for help to withdrawing."""

from uuid import UUID

from tests.transactional.api_ways.way import CUSTOMER, Asked, Way, Ways, as_customer
from tests.transactional.api_ways.world import World
from transactional.accounts.schemas import CustomerSubject
from transactional.aftersales import opening, service
from transactional.aftersales.evidence_files import CleanFile
from transactional.aftersales.schemas import NewCase
from transactional.db import writing

PDF = b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


async def _bought(world: World) -> tuple[CustomerSubject, str, list[UUID]]:
    customer, order, _ = await world.till.bought()
    return customer, order.order_no, await world.market.fulfilment_ids(order.order_no)


async def _order(world: World) -> Asked:
    customer, order_no, _ = await _bought(world)
    return Asked({"order_no": order_no}, customer=customer)


async def _new(world: World) -> Asked:
    customer, order_no, units = await _bought(world)
    body = {"order_no": order_no, "unit_ids": [str(unit) for unit in units], "reason": "other", "words": "不能用"}
    return Asked(body=body, customer=customer)


async def _opened(world: World) -> tuple[CustomerSubject, UUID]:
    customer, order_no, units = await _bought(world)
    new = NewCase(order_no=order_no, unit_ids=tuple(units), reason="other", words="不能用")
    shop = world.till.shop
    async with writing(shop.engine) as session:
        return customer, (await opening.open_case(session, shop.vault, customer.id, new, (), shop.zone)).id


async def _case(world: World) -> Asked:
    customer, case_id = await _opened(world)
    return Asked({"case_id": case_id}, customer=customer)


async def _words(world: World) -> Asked:
    customer, case_id = await _opened(world)
    return Asked({"case_id": case_id}, {"words": "还有一张截图"}, customer)


async def _file(world: World) -> Asked:
    customer, case_id = await _opened(world)
    return Asked({"case_id": case_id}, customer=customer, file=PDF)


async def _attached(world: World) -> Asked:
    customer, case_id = await _opened(world)
    shop = world.till.shop
    async with writing(shop.engine) as session:
        file = await service.attach(session, shop.vault, customer.id, case_id, CleanFile("application/pdf", PDF))
    return Asked({"case_id": case_id, "evidence_id": file.id}, customer=customer)


WAYS: Ways = {
    "GET /orders/{order_no}/case-outlook": Way(CUSTOMER, _order),
    "POST /cases": Way(CUSTOMER, _new),
    "GET /cases": Way(CUSTOMER, as_customer),
    "GET /cases/{case_id}": Way(CUSTOMER, _case),
    "POST /cases/{case_id}/messages": Way(CUSTOMER, _words),
    "POST /cases/{case_id}/withdrawal": Way(CUSTOMER, _case),
    "POST /cases/{case_id}/evidence": Way(CUSTOMER, _file),
    "GET /cases/{case_id}/evidence/{evidence_id}": Way(CUSTOMER, _attached),
}
