"""Texts that would run, break out or calculate if they could, in every field that keeps one: on no page they live."""

import json
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import replace
from functools import cache
from types import ModuleType

import pytest
from jinja2 import Environment
from markupsafe import Markup
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import text

from mingsuan.postgres import DatabaseUrls
from tests.journeys.conftest import chromium as chromium  # noqa: PLC0414  (a fixture)
from tests.transactional.api_ways.world import World
from tests.transactional.page_ways.yard import yard
from tests.transactional.stored_texts import asking, columns, happenings, overwriting
from tests.transactional.stored_texts.asking import Answer
from tests.transactional.stored_texts.parsing import Parse, parser
from tests.transactional.stored_texts.payload import MARK, STARTS, readable
from tests.transactional.stored_texts.verdict import Verdict, of_page
from transactional.accounts.entry import passwords
from transactional.backoffice import exports
from transactional.cards import export as codes
from transactional.catalogue import structured
from transactional.db import reading
from transactional.ledger import export as journal
from transactional.logistics import desk as parcels
from transactional.web import page, templating

pytestmark = [
    pytest.mark.proof,
    pytest.mark.anyio,
    pytest.mark.usefixtures("anyio_backend"),
    pytest.mark.xdist_group("stored_texts"),
]
KEEP_TEXT = text("""
select c.table_name || '.' || c.column_name from information_schema.columns as c
join information_schema.tables as t using (table_schema, table_name)
where c.table_schema = 'shop' and t.table_type = 'BASE TABLE' and t.table_name <> 'alembic_version'
    and c.data_type not in ('bigint', 'integer', 'smallint', 'boolean', 'date', 'timestamp with time zone', 'uuid',
        'numeric', 'double precision')
    and not (c.data_type = 'ARRAY' and c.udt_name in ('_int8', '_uuid'))
""")
REFERENCE_IS_GONE = {"GET /desk/ledger/transactions": 404}
"""It finds a posting by a text that was overwritten since."""
OWN = {"GET /draws/{draw_id}/verify": frozenset({"noscript", "template", "script importmap"})}
"""Elements that no other page has. The page's policy names the hash of its import map: another one would do nothing."""
Judged = list[tuple[Answer, Verdict]]


@pytest.fixture(scope="module")
def cheap_hashing_for_all() -> Iterator[None]:
    """What `cheap_hashing` does for each test, for what a module's fixtures do."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))
        patch.setattr(passwords, "_hasher", lambda: cheap)
        yield


@pytest.fixture(scope="module")
async def world(
    cheap_hashing_for_all: None, module_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    async with yard(module_database, tmp_path_factory.mktemp("yard")) as opened:
        yield opened


@pytest.fixture(scope="module")
async def happened(world: World) -> happenings.Happened:
    return await happenings.everything(world)


@pytest.fixture(scope="module")
async def empty(world: World, happened: happenings.Happened, module_database: DatabaseUrls) -> set[str]:
    """Columns without a row to write into; all others hold a text from now on."""
    return await overwriting.everything(world.till.shop, module_database, "=")


@pytest.fixture(scope="module")
async def answers(world: World, happened: happenings.Happened, empty: set[str]) -> list[Answer]:
    await world.till.shop.catalogue.forget()
    return [*await asking.every(world, happened.looks), *await asking.mails(world)]


@pytest.fixture(scope="module")
def parse(chromium: str) -> Iterator[Parse]:
    with parser(chromium) as opened:
        yield opened


def judged(parse: Parse, answers: Sequence[Answer]) -> Judged:
    """What each answer shows, and what of it lives."""
    pages = [answer for answer in answers if answer.html]
    taken_apart = iter(parse([page.html for page in pages]))
    found = []
    for answer in answers:
        in_mail = answer.name.startswith("mail:")
        own = OWN.get(answer.name, frozenset())
        verdict = of_page(next(taken_apart), in_mail=in_mail, own=own) if answer.html else Verdict()
        verdict.lives += answer.faults
        verdict.read += [*answer.read, *answer.cells]
        found.append((answer, verdict))
    return found


@pytest.fixture(scope="module")
def looked(answers: list[Answer], parse: Parse) -> Judged:
    return judged(parse, answers)


async def test_every_column_that_keeps_text_says_who_writes_it_or_why_nobody_does(world: World) -> None:
    async with reading(world.till.shop.engine) as session:
        kept = set(await session.scalars(KEEP_TEXT))
    assert kept == columns.FILLED.keys() | columns.EXCUSED.keys()
    assert not columns.FILLED.keys() & columns.EXCUSED.keys()


@pytest.mark.proof
def test_every_page_that_is_asked_for_is_there(answers: list[Answer]) -> None:
    told = {name: way.answer for name, way in happenings.WAYS.items()} | REFERENCE_IS_GONE
    gone = [f"{each.name} {each.status}" for each in answers if each.status not in (200, 303, told.get(each.name))]
    assert gone == []
    assert {name for name in told if name.startswith("GET")} <= {each.name for each in answers}


@pytest.mark.proof
def test_nothing_that_was_written_lives(looked: Judged) -> None:
    assert {f"{answer.name}: {what}" for answer, verdict in looked for what in verdict.lives} == set()


@pytest.mark.proof
def test_every_text_is_read_somewhere_letter_by_letter(looked: Judged, empty: set[str]) -> None:
    seen: dict[str, set[str]] = defaultdict(set)
    for answer, verdict in looked:
        read = "\0".join(verdict.read)
        for written in columns.texts():
            if readable(written) in read:
                seen[written].add(answer.name)
    for written in columns.texts():
        where = sorted(seen[written]) or [columns.UNSEEN.get(written, "nowhere")]
        sys.stdout.write(f"{written} ({columns.FILLED[written.partition('/')[0]]}): {', '.join(where)}\n")
    unseen = {written for written in columns.texts() if not seen[written]}
    assert sorted(unseen - columns.UNSEEN.keys()) == []
    assert sorted(columns.UNSEEN.keys() - unseen) == []
    assert {column for column in empty if column not in columns.UNSEEN} == set()


@pytest.mark.proof
async def test_what_is_asked_for_is_inert_too(world: World, happened: happenings.Happened, parse: Parse) -> None:
    """What stands in an address comes back on the page; nothing of it lives either."""
    asked = [
        replace(look, sent=replace(look.sent, query={name: f"javascript:{readable(f'asked/{name}')} on{MARK}=1>"}))
        for look in happened.looks
        for name in look.sent.query
        if look.name.startswith("GET") and not look.name.endswith("/export")
    ]
    found = judged(parse, await asking.every(world, asked))
    assert [f"{answer.name}: {what}" for answer, verdict in found for what in verdict.lives] == []
    assert [f"{answer.name} {answer.status}" for answer, _ in found if answer.status >= 500] == []
    read = {answer.name for answer, verdict in found if f"{MARK}[asked/" in "".join(verdict.read)}
    assert {"GET /search", "GET /log-in", "GET /desk/acts", "GET /desk/parcels"} <= read


@pytest.mark.proof
async def test_templates_that_escape_nothing_are_found(
    world: World, happened: happenings.Happened, looked: Judged, parse: Parse, full_counts: bool
) -> None:
    """Every page that shows a text would be found; so the look at the real ones looks where the texts are."""
    shown = [answer for answer, verdict in looked if answer.html and MARK in "".join(verdict.read)]
    looks = {answer.name: answer.look for answer in shown if answer.look}
    assert len(looks) > 60
    some = list(looks.values())[:: 1 if full_counts else 8]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "environment", _careless)
        careless = await asking.every(world, some)
    found = judged(parse, careless)
    assert {look.name for look in some} - {answer.name for answer, verdict in found if verdict.lives} == set()


@cache
def _careless(language: str) -> Environment:
    made = templating.environment.__wrapped__(language)
    made.autoescape = False
    return made


async def test_structured_data_that_end_their_script_are_found(
    world: World, happened: happenings.Happened, empty: set[str], parse: Parse
) -> None:
    [look] = [look for look in happened.looks if look.name == "GET /products/{slug}"][:1]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structured, "in_page", lambda data: Markup(json.dumps(data)))  # noqa: S704  (planted)
        answers = await asking.every(world, [look])
    [(_, verdict), *_others] = judged(parse, answers)
    assert any(what.startswith("a script") for what in verdict.lives)
    assert any("is not the shop's" in what for what in verdict.lives)


@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("POST /desk/orders/export", exports),
        ("GET /desk/aftersales/export", journal),
        ("POST /desk/ledger/months/{month}/journal", journal),
        ("POST /desk/cards/{batch}/export", codes),
        ("POST /desk/parcels/export", parcels),
    ],
)
async def test_cells_that_calculate_are_found(
    world: World, happened: happenings.Happened, empty: set[str], name: str, where: ModuleType
) -> None:
    look = next(look for look in happened.looks if look.name == name)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(where, "harmless", lambda cell: cell)
        answers = await asking.every(world, [look])
    assert any(what.startswith("is calculated") for answer in answers for what in answer.faults)


@pytest.mark.proof
@pytest.mark.parametrize("kind", [kind for kind in STARTS if kind != "a formula"])
async def test_nothing_lives_however_it_begins(
    world: World, happened: happenings.Happened, module_database: DatabaseUrls, looked: Judged, parse: Parse, kind: str
) -> None:
    await overwriting.everything(world.till.shop, module_database, STARTS[kind])
    await world.till.shop.catalogue.forget()
    answers = [*await asking.every(world, happened.looks), *await asking.mails(world)]
    found = judged(parse, answers)
    assert {f"{answer.name}: {what}" for answer, verdict in found for what in verdict.lives} == set()
    assert [f"{answer.name} {answer.status}" for answer in answers if answer.status >= 500] == []
