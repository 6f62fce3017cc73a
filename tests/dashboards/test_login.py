"""Claims of an identity token make a viewer, or a reason why not; what is not understood is refused."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from streamlit.testing.v1 import AppTest

from dashboards import access
from dashboards.access import Viewer
from dashboards.login import LogInNeededError, LogInRefusedError, Rules, identified
from mingsuan.settings import Settings

NOW = datetime(2026, 6, 30, 6, 15, tzinfo=UTC)
"""14:15 in Shanghai."""
ISSUED = (NOW - timedelta(hours=1)).timestamp()
WANG = {"sub": "s-17", "iat": ISSUED, "email": "wang@shop.example", "roles": ["owner"]}


def rules(**settings: Any) -> Rules:
    return Rules.of(Settings.model_validate({"timezone": "Asia/Shanghai", **settings}))


@pytest.mark.parametrize(
    ("claims", "settings", "roles"),
    [
        ({"roles": ["owner"]}, {}, {"owner"}),
        ({"roles": "auditor buyer"}, {}, {"auditor", "buyer"}),
        ({"roles": ["cook", "operator"]}, {}, {"operator"}),
        (
            {"realm_access": {"roles": ["boss"]}},
            {"dashboards_role_claim": "realm_access.roles", "dashboards_roles": "boss=owner,guests=auditor"},
            {"owner"},
        ),
        ({"https://shop.example/r": ["buyer"]}, {"dashboards_role_claim": "https://shop.example/r"}, {"buyer"}),
        ({"groups": ["owner"]}, {"dashboards_role_claim": "groups", "dashboards_roles": "boss=owner"}, None),
        ({"roles": ["Owner", 1, None]}, {}, None),
        ({"roles": {"owner": True}}, {}, None),
        ({}, {}, None),
    ],
)
def test_the_claim_that_the_settings_name_says_the_roles(
    claims: dict[str, Any], settings: dict[str, str], roles: set[str] | None
) -> None:
    given = {name: value for name, value in WANG.items() if name != "roles"} | claims
    if roles is None:
        with pytest.raises(LogInRefusedError) as refused:
            identified(given, rules(**settings), NOW)
        assert (refused.value.reason, refused.value.who) == ("no_role", "wang@shop.example")
    else:
        viewer = identified(given, rules(**settings), NOW)
        assert viewer == Viewer(frozenset(roles), "wang@shop.example", "s-17")  # type: ignore[arg-type]
        assert viewer.is_known


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        ("2026-06-30", None),
        ("2026-06-29", "ended"),
        (NOW.timestamp() + 1, None),
        (NOW.timestamp(), "ended"),
        ("soon", "unclear_end"),
        ("", "unclear_end"),
        (["2026-07-31"], "unclear_end"),
        (1e30, "unclear_end"),
    ],
)
def test_a_guest_reads_to_the_end_of_the_last_day_and_an_unclear_day_is_no_day(end: object, reason: str | None) -> None:
    guest = {**WANG, "roles": ["auditor"], "access_until": end}
    if reason is None:
        assert identified(guest, rules(), NOW).roles == {"auditor"}
    else:
        with pytest.raises(LogInRefusedError) as refused:
            identified(guest, rules(), NOW)
        assert refused.value.reason == reason


def test_the_last_day_is_one_of_the_shop_s_zone() -> None:
    midnight = datetime(2026, 6, 30, 16, 0, tzinfo=UTC)
    guest = {**WANG, "iat": midnight.timestamp(), "access_until": "2026-06-30"}
    assert identified(guest, rules(), midnight - timedelta(seconds=1)).roles
    with pytest.raises(LogInRefusedError):
        identified(guest, rules(), midnight)
    assert identified(guest, rules(timezone="UTC"), midnight).roles


@pytest.mark.parametrize(
    "wrong", [{"iat": None}, {"iat": "now"}, {"iat": True}, {"sub": ""}, {"iat": NOW.timestamp() + 3600}]
)
def test_a_token_without_its_time_or_its_person_is_no_log_in(wrong: dict[str, Any]) -> None:
    with pytest.raises(LogInNeededError):
        identified({**WANG, **wrong}, rules(), NOW)


def test_a_log_in_ends_after_the_hours_that_are_set() -> None:
    assert identified(WANG, rules(dashboards_session_hours=1), NOW).roles
    with pytest.raises(LogInNeededError):
        identified(WANG, rules(dashboards_session_hours=1), NOW + timedelta(seconds=1))


@pytest.mark.parametrize("roles", ["boss", "boss=king", "boss=owner,", "=owner"])
def test_a_mapping_to_no_role_is_an_error_of_the_settings(roles: str) -> None:
    with pytest.raises(ValidationError, match="dashboards_roles"):
        Settings.model_validate({"dashboards_roles": roles})


def test_people_are_called_by_what_the_provider_knows_of_them() -> None:
    nameless = {name: value for name, value in WANG.items() if name != "email"}
    assert identified({**nameless, "preferred_username": "wang"}, rules(), NOW).name == "wang"
    assert identified(nameless, rules(), NOW).name == "s-17"


def test_a_log_in_that_is_set_up_but_not_in_force_shows_nothing(
    publish: Callable[..., Path], visit: Callable[..., AppTest], monkeypatch: pytest.MonkeyPatch
) -> None:
    publish()
    monkeypatch.setenv("MINGSUAN_DASHBOARDS_LOGIN_FILE", "log-in.toml")
    page = visit(lang="en")
    assert page.title[0].value == "The log-in is not in force"
    assert not page.metric


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (LogInNeededError(), "Log in to see the figures."),
        (LogInRefusedError("no_role", "cook@shop.example"), "You are logged in as cook@shop.example, who has none"),
        (LogInRefusedError("ended", "guest"), "The access of guest has ended."),
        (LogInRefusedError("unclear_end", "guest"), "a last day for guest that cannot be read"),
    ],
)
def test_somebody_who_may_not_read_is_told_why_and_shown_nothing(
    publish: Callable[..., Path],
    visit: Callable[..., AppTest],
    monkeypatch: pytest.MonkeyPatch,
    refusal: Exception,
    said: str,
) -> None:
    def refuse(*_: object) -> Viewer:
        raise refusal

    publish()
    monkeypatch.setattr(access, "single_user", refuse)
    page = visit(lang="en")
    assert not page.exception
    assert not page.metric
    assert said in " ".join(block.value for block in (*page.markdown, *page.error))
    assert len(page.button) == 1
