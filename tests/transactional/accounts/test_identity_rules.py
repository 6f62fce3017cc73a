"""Identity numbers: the standard's own examples, and everything near them."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from transactional.accounts.persons.identity_rules import Person, check_character, masked_name, masked_number, read

TODAY = date(2026, 11, 22)
EXAMPLE = "11010519491231002X"
"""GB 11643-1999, annex A."""


def problems(name: str = "李雷", number: str = EXAMPLE, today: date = TODAY) -> list[str]:
    found = read(name, number, today)
    return [] if isinstance(found, Person) else [problem.place for problem in found]


@pytest.mark.parametrize(("first", "last"), [("11010519491231002", "X"), ("44052418800101001", "4")])
def test_the_check_character_is_the_standards(first: str, last: str) -> None:
    assert check_character(first) == last


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place: int, change: int) -> None:
    wrong = (int(EXAMPLE[place]) + change) % 10
    assert problems(number=f"{EXAMPLE[:place]}{wrong}{EXAMPLE[place + 1 :]}") == ["number"]


@given(st.integers(0, 15))
def test_two_neighbours_exchanged_are_always_found(place: int) -> None:
    turned = EXAMPLE[:place] + EXAMPLE[place + 1] + EXAMPLE[place] + EXAMPLE[place + 2 :]
    assert (problems(number=turned) == ["number"]) == (turned != EXAMPLE)


@pytest.mark.parametrize(
    "body",
    [
        "11010519490231002",  # 31 February
        "11010520270101002",  # not born yet
        "11010518880101002",  # older than anybody
        "99010519491231002",  # no such place
        "11010519491231000",  # sequence 000 is not given out
        "01010519491231002",
    ],
)
def test_a_right_check_character_does_not_make_a_person(body: str) -> None:
    assert problems(number=body + check_character(body)) == ["number"]


@pytest.mark.parametrize(
    "typed", ["11010519491231002x", " 110105 19491231 002X ", "１１０１０５１９４９１２３１００２Ｘ"]
)
def test_a_number_is_known_however_it_is_typed(typed: str) -> None:
    found = read("李雷", typed, TODAY)
    assert isinstance(found, Person)
    assert (found.number, found.born) == (EXAMPLE, date(1949, 12, 31))


@pytest.mark.parametrize("number", ["", "X", "110105491231002", EXAMPLE[:-1], EXAMPLE + "1"])
def test_what_is_no_number_is_refused(number: str) -> None:
    assert problems(number=number) == ["number"]


@pytest.mark.parametrize("name", ["李雷", "欧阳娜娜", "阿卜杜拉·买买提", "阿卜杜拉•买买提", "𠮷田", " 李 雷 "])
def test_names_of_all_peoples_of_china_are_names(name: str) -> None:
    assert problems(name=name) == []


@pytest.mark.parametrize("name", ["", "李", "Li Lei", "李雷1", "·李雷", "李" * 31, "李\x00雷"])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert problems(name=name) == ["name"]


def test_age_changes_on_the_birthday() -> None:
    person = Person("李雷", EXAMPLE, date(2008, 11, 22))
    assert [person.age(day) for day in (date(2026, 11, 21), date(2026, 11, 22))] == [17, 18]
    leap = Person("李雷", EXAMPLE, date(2008, 2, 29))
    assert [leap.age(day) for day in (date(2026, 2, 28), date(2026, 3, 1))] == [17, 18]


def test_nothing_of_a_person_is_printed_by_accident_and_masks_hide_the_rest() -> None:
    assert repr(read("李雷", EXAMPLE, TODAY)) == "Person()"
    assert (masked_name("欧阳娜娜"), masked_number(EXAMPLE)) == ("欧***", "1****************X")
