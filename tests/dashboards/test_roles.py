"""Every question is tried as every role: it answers those that it declares, and refuses all others before it reads."""

import inspect
import pkgutil
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from importlib import import_module
from pathlib import Path
from types import ModuleType, NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dashboards import queries
from dashboards.access import ROLES, AccessRefusedError, Role, Viewer
from dashboards.pages import PAGES
from dashboards.periods import Period
from dashboards.queries.asking import DECLARED, Question, Reader, Tables
from dashboards.queries.customers import stand_in
from dashboards.queries.cuts import Cut

MECHANISM = {"asking", "customers"}
MODULES: list[ModuleType] = [
    import_module(f"{queries.__name__}.{each.name}")
    for each in pkgutil.iter_modules(queries.__path__)
    if each.name not in MECHANISM
]
TRIED = [(question, role) for question in DECLARED.values() for role in ROLES]
SAMPLES: dict[Any, object] = {
    str: "all",
    int: 5,
    float: 0.5,
    bool: True,
    date: date(2026, 6, 30),
    datetime: datetime(2026, 6, 30, 4, 10),  # noqa: DTZ001  (never compared)
    Period: Period(date(2026, 6, 1), date(2026, 6, 30)),
    Cut: Cut({"category_key": ("all",)}),
    NoneType: None,
}
"""What a question is asked with in these tests, by the type of its argument."""
CUSTOMER = "u-1"
"""The one customer of the tiny shop."""


class ReachedError(Exception):
    """The question got as far as the version."""


class Sentinel:
    """A version that only says that it was asked."""

    name = "sentinel"

    def frame(self, sql: str, parameters: Sequence[object] = ()) -> pd.DataFrame:
        raise ReachedError

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[dict[str, Any]]:
        raise ReachedError


def sample(kind: Any) -> object:
    """A value of this type."""
    if kind in SAMPLES:
        return SAMPLES[kind]
    if get_origin(kind) is Literal:
        return get_args(kind)[0]
    if get_origin(kind) in {tuple, list, Sequence}:
        return (sample(get_args(kind)[0]),)
    if get_args(kind):
        return sample(get_args(kind)[0])
    raise AssertionError(f"add a sample of {kind} to SAMPLES")


def arguments(question: Question) -> dict[str, object]:
    """Something for every argument of a question after the first."""
    function = inspect.unwrap(question.ask)
    names = list(inspect.signature(function).parameters)[1:]
    hints = get_type_hints(function)
    return {name: sample(hints[name]) for name in names}


def everything_in(answer: object) -> Iterator[object]:
    """Single values of an answer: of frames, lists, dictionaries and dataclasses."""
    if isinstance(answer, pd.DataFrame):
        yield from answer.to_numpy().ravel().tolist()
    elif isinstance(answer, dict):
        yield from (value for each in answer.values() for value in everything_in(each))
    elif isinstance(answer, list | tuple):
        yield from (value for each in answer for value in everything_in(each))
    elif hasattr(answer, "__dataclass_fields__"):
        yield from (value for name in answer.__dataclass_fields__ for value in everything_in(getattr(answer, name)))
    else:
        yield answer


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__.rpartition(".")[2])
def test_every_public_function_of_the_query_layer_declares_its_roles(module: ModuleType) -> None:
    own = [each for each in vars(module).values() if inspect.isfunction(each) and each.__module__ == module.__name__]
    declared = {question.ask for question in DECLARED.values()}
    assert [each.__name__ for each in own if not each.__name__.startswith("_") and each not in declared] == []


@pytest.mark.parametrize("question", DECLARED.values(), ids=DECLARED)
def test_a_question_is_for_known_roles_and_is_given_the_tables_first(question: Question) -> None:
    assert question.roles
    assert question.roles <= set(ROLES)
    function = inspect.unwrap(question.ask)
    first, *_ = inspect.signature(function).parameters
    assert get_type_hints(function)[first] is Tables


@pytest.mark.parametrize(("question", "role"), TRIED, ids=[f"{q.name}-{role}" for q, role in TRIED])
def test_a_question_answers_its_roles_and_refuses_others_before_it_reads(question: Question, role: Role) -> None:
    reader = Reader(Sentinel(), Viewer(frozenset({role})))
    with pytest.raises(ReachedError if role in question.roles else AccessRefusedError):
        question.ask(reader, **arguments(question))


@pytest.mark.parametrize("question", DECLARED.values(), ids=DECLARED)
def test_nobody_without_a_role_is_answered(question: Question) -> None:
    with pytest.raises(AccessRefusedError):
        question.ask(Reader(Sentinel(), Viewer(frozenset())), **arguments(question))


def test_no_answer_names_a_customer_to_anybody_but_the_owner(
    publish: Callable[..., Path], read: Callable[..., Reader]
) -> None:
    folder = publish()
    for question, role in TRIED:
        if role in question.roles - {"owner"}:
            answer = question.ask(read(folder, role), **arguments(question))
            named = [value for value in everything_in(answer) if isinstance(value, str) and CUSTOMER in value]
            assert named == [], f"{question.name} as {role}"


def test_customers_are_named_to_owners_stood_in_for_to_auditors_and_left_out_for_others(
    publish: Callable[..., Path], read: Callable[..., Reader]
) -> None:
    folder = publish()
    sql = "select customer_key, customer_key as buyer__customer, order_no, 'CN' as customer__country"
    sql += " from fct_order_items order by order_no limit 1"
    shown = {}
    for role in ROLES:
        tables = read(folder, role).admitted(frozenset(ROLES))
        [row] = tables.rows(sql)
        assert tables.frame(sql).to_dict("records") == [row]
        shown[role] = row
    pseudonym = stand_in(CUSTOMER, folder.name)
    assert pseudonym not in {None, CUSTOMER, stand_in(CUSTOMER, "another"), stand_in("u-2", folder.name)}
    assert shown == {
        "owner": {
            "customer_key": CUSTOMER,
            "buyer__customer": CUSTOMER,
            "order_no": "NO-1",
            "customer__country": "CN",
        },
        "auditor": {"customer_key": pseudonym, "buyer__customer": pseudonym, "order_no": "NO-1"},
        "buyer": {"order_no": "NO-1"},
        "operator": {"order_no": "NO-1"},
    }


def test_where_there_is_no_customer_there_is_no_stand_in() -> None:
    assert stand_in("none", "v") == "none"
    assert stand_in(None, "v") is None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_opens_for_its_roles_and_says_so_to_others(
    publish: Callable[..., Path], visit: Callable[..., AppTest], log_in: Callable[..., None], page: Any, role: Role
) -> None:
    publish()
    log_in(role)
    opened = visit(page.name, lang="en")
    assert not opened.exception
    refused = [title.value for title in opened.title] == ["Not for your role"]
    assert refused == (role not in page.roles)


def test_names_of_pages_and_of_questions_are_not_given_twice() -> None:
    names = [page.name for page in PAGES]
    assert len(names) == len(set(names))
    functions = {question.ask for question in DECLARED.values()}
    assert len(functions) == len(DECLARED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_have_no_sql_and_ask_the_version_nothing_themselves(page: Any) -> None:
    source = inspect.getsource(inspect.getmodule(page.show) or page.show)
    for forbidden in ("select ", "._version", "admitted(", "snapshots.opened"):
        assert forbidden not in source.lower(), f"{page.name} has {forbidden!r}"
