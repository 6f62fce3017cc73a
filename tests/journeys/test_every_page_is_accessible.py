"""axe-core on the pages of storefront and desk: nothing serious or critical, nothing beside the screen."""

import asyncio
from collections.abc import Iterable
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_FILE_PATH
from playwright.sync_api import Browser, Page

from mingsuan.postgres import DatabaseUrls
from tests.journeys.conftest import started
from tests.journeys.every_page import Scheme, Shown, collected, show, window
from tests.journeys.steps import OVERFLOW
from tests.transactional.test_every_route import WAYS

pytestmark = [pytest.mark.journey, pytest.mark.enable_socket, pytest.mark.xdist_group("journeys")]
View = tuple[int, Scheme]
SERIOUS = ("serious", "critical")
AXE = "() => axe.run(document, {resultTypes: ['violations'], elementRef: false})"
VIEWS: tuple[View, ...] = ((390, "light"), (1440, "dark"), (390, "dark"), (1440, "light"))
A_HANDFUL = (
    *("GET /", "GET /products/{slug}", "GET /checkout", "GET /orders/{order_no}", "GET /benefits/{benefit_id}"),
    *("GET /log-in", "GET /desk", "GET /desk/orders", "GET /desk/orders/{order_no}", "GET /desk/products/{slug}"),
)
NOT_PAGES = {
    *("GET /static/{file}", "GET /pictures/{sha256}/{size}.webp", "GET /manifest.webmanifest", "GET /robots.txt"),
    *("GET /sitemap.xml", "GET /api/v1/openapi.json", "GET /healthz", "GET /readyz", "GET /account/data/export"),
    *("GET /cases/{case_id}/evidence/{evidence_id}", "GET /invoices/{invoice_id}/file", "GET /desk/aftersales/export"),
    *("GET /desk/aftersales/{case_id}/evidence/{evidence_id}", "GET /desk/invoices/export"),
    *("GET /desk/invoices/{invoice_id}/file", "GET /products/{slug}/quote", "GET /orders/{order_no}/pay/state"),
    *("GET /wallet/top-ups/{top_up_id}/state", "GET /benefits/returns/{launch_id}"),
    *("GET /draws/{draw_id}/bundle.zip", "GET /draws/{draw_id}/receipts/{entry_id}.json"),
    *("GET /draws/{draw_id}/proofs/{number}", "GET /log/checkpoint", "GET /log/policy.json"),
    "GET /log/tile/{tile:path}",
}
"""What is asked for and answers with a file, a fragment, or a way on."""


@pytest.mark.proof
def test_no_page_that_people_see_most_has_a_serious_fault(
    fresh_database: DatabaseUrls, tmp_path: Path, chromium: str
) -> None:
    pages = asyncio.run(collected(fresh_database, tmp_path, only=A_HANDFUL))
    assert {page.name for page in pages} == set(A_HANDFUL)
    with started(chromium) as chrome:
        assert _faults(chrome, zip(pages, cycle(VIEWS[:2]), strict=False)) == []


@pytest.mark.proof
def test_no_page_has_a_serious_fault(
    fresh_database: DatabaseUrls, module_database: DatabaseUrls, tmp_path: Path, chromium: str
) -> None:
    """Every page of the route table with data in it, refused forms, full and empty lists, the longest texts."""
    pages = asyncio.run(collected(fresh_database, tmp_path / "plain", more=True))
    shown = {page.name.split(",")[0].split("?")[0] for page in pages}
    assert {name for name in WAYS if name.startswith("GET")} - shown == NOT_PAGES
    long = asyncio.run(collected(module_database, tmp_path / "stretched", stretched=True))
    turns = [(page, view) for view in VIEWS[:2] for page in pages] + [
        (page, view) for view in VIEWS[2:] for page in long
    ]
    with started(chromium) as chrome:
        assert _faults(chrome, turns) == []


@pytest.mark.proof
def test_a_fault_is_found(chromium: str) -> None:
    """The check sees what it is for: a field without a name, pale words, what is beside the screen."""
    pale = "<p style='color: #ccc; width: 999px'>pale</p>"
    planted = f"<!doctype html><html lang=en><title>x</title><main><h1>x</h1><input>{pale}</main>"
    with started(chromium) as chrome:
        faults = _faults(chrome, [(Shown("planted", 200, planted), VIEWS[0])])
    assert {fault.split(": ")[1].partition(" ")[0] for fault in faults} == {"label", "color-contrast", "overflow"}


def _faults(chrome: Browser, turns: Iterable[tuple[Shown, View]]) -> list[str]:
    """What is wrong with the pages, each in its view."""
    found, by_view = [], dict[View, list[Shown]]()
    for page, view in turns:
        by_view.setdefault(view, []).append(page)
    for (width, scheme), pages in by_view.items():
        with window(chrome, width, scheme) as tab:
            here = [f"{page.name} at {width} px, {scheme}: {each}" for page in pages for each in _faults_of(tab, page)]
        print(f"{len(pages)} pages at {width} px, {scheme}: {len(here)} findings")  # noqa: T201
        found += here
    return found


def _faults_of(tab: Page, page: Shown) -> list[str]:
    show(tab, page)
    tab.add_script_tag(path=AXE_FILE_PATH)
    violations: list[dict[str, Any]] = tab.evaluate(AXE)["violations"]
    faults = [
        f"{each['id']} {[node['target'] for node in each['nodes']]}" for each in violations if each["impact"] in SERIOUS
    ]
    beside = tab.evaluate(OVERFLOW)
    return [*faults, *([f"overflow {beside} px"] if beside else [])]
