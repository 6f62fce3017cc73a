"""sqlmap on every parameter of pages and API, logged in as whom each is for, finds nothing, and finds what is planted.

Its requests come from the tables that also try every route, so that none is left out. Only with full counts.
"""

import asyncio
import csv
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from psycopg.conninfo import conninfo_to_dict

from mingsuan.postgres import DatabaseUrls
from tests.conftest import IN_CI
from tests.faults.planted import PLANTED, Trap
from tests.faults.sqlmap_requests import FRESH, Trial
from tests.transactional.api_ways.keeping import sell_again
from tests.transactional.api_ways.way import STAFF
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.yard import HTML, staff_cookie, yard
from tests.transactional.test_api_contract_ways import WAYS as OPERATIONS
from tests.transactional.test_every_route import WAYS as PAGES
from transactional.edge import CUSTOMER_COOKIE

pytestmark = [pytest.mark.anyio, pytest.mark.enable_socket]
LEVEL, RISK = 1, 1
MOST_S = 60 * 60
AT_ONCE = 3
"""Runs of sqlmap side by side: one waits for its answers most of the time."""
DISMISSED = "false positive or unexploitable"
"""What sqlmap notes beside a place that it suspected, tried out and cleared."""
PLANTS = (
    Trial("GET", PLANTED, query={"q": "c-steam-50"}),
    Trial("POST", PLANTED, body={"name": "c-steam-50", "more": 1}),
)
BROKEN = re.compile(r"ERROR:  (?:syntax error|unterminated).*")
TESTED = re.compile(r"parameter '.*' (?:does not seem to be injectable|is vulnerable)|the following injection point")


@pytest.fixture(scope="module")
async def world(module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with yard(module_database, tmp_path_factory.mktemp("yard")) as opened:
        yield opened


async def trials(world: World) -> list[Trial]:
    """One for each page and operation that takes a value."""
    found = [*[await _page(world, name) for name in PAGES], *[await _operation(world, name) for name in OPERATIONS]]
    return [each for each in found if each.values]


async def _page(world: World, name: str) -> Trial:
    way = PAGES[name]
    method, path = name.split(" ")
    sent = await way.prepare(world)
    cookies = [
        await _cookie(world, way.by[0], sent.customer),
        *(f"{key}={value}" for key, value in sent.cookies.items()),
    ]
    headers = {**HTML, **sent.headers, "Cookie": "; ".join(each for each in cookies if each)}
    file = next(
        ((field, name, content.decode()) for field, (name, content, kind) in sent.files if kind == "text/csv"), None
    )
    form = {key: value for key, value in sent.form.items() if value not in ("", [""])} if method == "POST" else {}
    marked = {"User-Agent": "Mozilla/5.0", "Accept-Language": "en", "Referer": "/"} if path == "/log-in" else {}
    return Trial(method, path, _within(path, sent.names), sent.query, form, None, file, headers, marked)


async def _operation(world: World, name: str) -> Trial:
    way = OPERATIONS[name]
    method, path = name.split(" ")
    asked = await way.prepare(world)
    await sell_again(world)
    headers = {"Cookie": await _cookie(world, way.by[0], asked.customer), "Idempotency-Key": FRESH}
    path = path if path in ("/healthz", "/readyz") else f"/api/v1{path}"
    file = ("file", "codes.csv", asked.file.decode()) if asked.file is not None else None
    return Trial(method, path, _within(path, asked.names), asked.query, asked.form, asked.body, file, headers)


async def _cookie(world: World, role: str, customer: object) -> str:
    if role in STAFF:
        return await staff_cookie(world, role)
    return f"{CUSTOMER_COOKIE}={await world.token_of(customer)}" if customer else ""  # type: ignore[arg-type]


def _within(path: str, names: object) -> dict[str, object]:
    return {name: value for name, value in dict(names).items() if f"{{{name}}}" in path}  # type: ignore[call-overload]


async def cookies_and_keys(world: World) -> list[Trial]:
    """The values that every request carries, tried once for customers and once for staff."""
    customer = await _cookie(world, "customer", await world.customer())
    owner = await staff_cookie(world, "owner")
    return [
        Trial("GET", "/account", marked={"Cookie": customer}),
        Trial("GET", "/desk/profile", marked={"Cookie": owner}),
        Trial("GET", "/", marked={"Cookie": "mingsuan_language=en"}),
        Trial(
            "POST", "/api/v1/staff/selling-pause", body={}, headers={"Cookie": owner}, marked={"Idempotency-Key": "k-1"}
        ),
        Trial("POST", "/notices/read", headers={"Cookie": customer}, marked={"X-Forwarded-For": "198.51.100.1"}),
    ]


@dataclass(frozen=True)
class Outcome:
    """`places`: address, place and parameter of what can be injected into; `dismissed`: what only seemed so."""

    places: set[tuple[str, str, str]]
    dismissed: set[tuple[str, str, str]]
    log: str


async def run_all(sqlmap: str, requests: Sequence[Trial], host: str, folder: Path) -> Outcome:
    """What looks, then what changes something, then what closes the shop; some at a time of each."""
    parts = [
        [each for each in requests if not _closes(each) and (each.method == "GET") == looks] for looks in (True, False)
    ]
    done: list[Outcome] = []
    for number, part in enumerate([*parts, [each for each in requests if _closes(each)]]):
        runs = []
        for first in range(AT_ONCE):
            if trials := part[first::AT_ONCE]:
                own = folder / f"{number}-{first}"
                own.mkdir()
                (own / "requests.txt").write_text("\n".join(each.text(host) for each in trials))
                runs.append(run_sqlmap(sqlmap, own / "requests.txt", own))
        done += await asyncio.gather(*runs)
    return Outcome(
        {place for each in done for place in each.places},
        {place for each in done for place in each.dismissed},
        "\n".join(each.log for each in done),
    )


def _closes(trial: Trial) -> bool:
    return "selling-pause" in trial.path


async def run_sqlmap(sqlmap: str, requests: Path, folder: Path) -> Outcome:
    """These requests, one after the other. Raises TimeoutError."""
    results = folder / "found.csv"
    options = {
        "l": requests,
        "level": LEVEL,
        "risk": RISK,
        "dbms": "PostgreSQL",
        "technique": "BEUSTQ",
        "threads": 1,
        "time-sec": 2,
        "timeout": 20,
        "retries": 0,
        "randomize": "idempotency_key",
        "output-dir": folder / "out",
        "results-file": results,
        "answers": "skip further tests=N,follow=N,do you want to exploit=N",
    }
    flags = ["--batch", "--keep-alive", "--ignore-redirects", "--skip-waf", "--flush-session", "--disable-coloring"]
    flags += ["--ignore-code=*", "--ignore-stdin"]
    given = [
        word for name, value in options.items() for word in ((f"-{name}" if name == "l" else f"--{name}"), str(value))
    ]
    log = folder / "sqlmap.log"
    with log.open("wb") as out:
        process = await asyncio.create_subprocess_exec(sqlmap, *given, *flags, stdout=out, stderr=out)
        try:
            await asyncio.wait_for(process.wait(), MOST_S)
        finally:
            if process.returncode is None:
                process.kill()
    found = list(csv.DictReader(results.read_text().splitlines())) if results.exists() else []
    suspected = {(row["Target URL"], row["Place"], row["Parameter"]): row["Note(s)"] for row in found}
    dismissed = {place for place, note in suspected.items() if note == DISMISSED}
    return Outcome(suspected.keys() - dismissed, dismissed, log.read_text(errors="replace"))


async def test_sqlmap_finds_what_is_planted_and_nothing_else(
    world: World, module_database: DatabaseUrls, full_counts: bool, tmp_path: Path
) -> None:
    if not full_counts:
        pytest.skip("only with full counts: it takes up to an hour")
    sqlmap = shutil.which("sqlmap")
    if sqlmap is None:
        reason = "sqlmap is not installed (Debian: apt-get install sqlmap)"
        pytest.fail(reason) if IN_CI else pytest.skip(f"not run: {reason}")
    requests = [*PLANTS, *await trials(world), *await cookies_and_keys(world)]
    trap = Trap(world.client.app, world.till.shop.engine)
    server = uvicorn.Server(uvicorn.Config(trap, port=0, lifespan="off", log_level="warning"))  # type: ignore[arg-type]
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    host = f"127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server_log = Path(str(conninfo_to_dict(module_database.owner)["host"])) / "log"
    begun = server_log.stat().st_size
    try:
        outcome = await run_all(sqlmap, requests, host, tmp_path)
    finally:
        server.should_exit = True
        await serving
    values = sum(each.values for each in requests)
    sent = sum(trap.answers.values())
    print(  # noqa: T201  (what was done is the point)
        f"{len(requests)} requests with {values} values; sqlmap sent {sent}: {dict(trap.answers)};"
        f" suspected and cleared by itself: {sorted(outcome.dismissed)}"
    )
    assert {place for url, place, _ in outcome.places if PLANTED in url} == {"URI", "(custom) POST"}, outcome.log[
        -3000:
    ]
    assert {each for each in outcome.places if PLANTED not in each[0]} == set()
    assert dict(trap.failed) == {}
    told = server_log.read_bytes()[begun:].decode(errors="replace")
    assert BROKEN.search(told), "the planted statements were broken, as the log tells"
    assert _broken_statements(told) == []
    assert len(TESTED.findall(outcome.log)) >= values * 0.9


def _broken_statements(log: str) -> list[str]:
    """Errors of statements that are none of the planted ones."""
    errors = re.split(r"(?=ERROR:  )", log)[1:]
    return [each[:300] for each in errors if BROKEN.match(each) and "-- planted" not in each]
