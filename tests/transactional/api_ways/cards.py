"""Stock: buyers take it in and mend it, everybody on the staff sees it, the owner alone takes codes out in clear."""

from typing import Any

from tests.transactional.api_ways.way import BUYERS, CUSTOMER, OWNER, STAFF, Asked, Way, Ways, nothing
from tests.transactional.api_ways.world import World, new_name
from tests.transactional.small_shop import codes


async def _file(world: World) -> Asked:
    sku = await world.market.sku(new_name())
    rows = "\n".join(["code", *codes(2, new_name())])
    return Asked(form={"sku_code": sku.code, "total_cost_fen": "300", "supplier_name": "S"}, file=rows.encode())


async def _units(world: World) -> Asked:
    sku = await world.market.sku(new_name(), "physical")
    return Asked(body={"sku_code": sku.code, "count": 2, "total_cost_fen": 300, "expires_on": "2999-12-31"})


async def _batch(world: World, body: dict[str, Any] | None = None) -> Asked:
    return Asked({"batch_id": await world.batch()}, body)


async def _export(world: World) -> Asked:
    return await _batch(world, {"reason": "audit"})


async def _credit(world: World) -> Asked:
    return await _batch(world, {"amount_fen": 10, "reason": "bad codes"})


async def _cost(world: World) -> Asked:
    return await _batch(world, {"total_cost_fen": 330, "reason": "invoice"})


async def _void(world: World) -> Asked:
    return await _batch(world, {"count": 1, "reason": "damaged"})


async def _defect(world: World) -> Asked:
    _, order, _ = await world.till.bought()
    [unit] = await world.till.units(order)
    return Asked(body={"fulfilment_id": str(unit.public_id), "reason": "used before"})


async def _delivered(world: World) -> Asked:
    customer, order, _ = await world.till.bought()
    [unit] = await world.till.units(order)
    return Asked({"fulfilment_id": unit.public_id}, customer=customer)


WAYS: Ways = {
    "POST /staff/card-batches/preview": Way(BUYERS, _file),
    "POST /staff/card-batches": Way(BUYERS, _file),
    "GET /staff/card-batches": Way(STAFF, nothing),
    "GET /staff/card-batches/{batch_id}": Way(STAFF, _batch),
    "POST /staff/stock-units": Way(BUYERS, _units),
    "POST /staff/card-batches/{batch_id}/exports": Way(OWNER, _export),
    "POST /staff/card-batches/{batch_id}/credits": Way(BUYERS, _credit),
    "POST /staff/card-batches/{batch_id}/cost-corrections": Way(BUYERS, _cost),
    "POST /staff/card-batches/{batch_id}/voids": Way(BUYERS, _void),
    "POST /staff/card-defects": Way(BUYERS, _defect),
    "POST /fulfilments/{fulfilment_id}/reveals": Way(CUSTOMER, _delivered),
}
