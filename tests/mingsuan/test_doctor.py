"""What `mingsuan doctor` finds, and what it tells people to do."""

import json
import shutil
import socket
import time
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from mingsuan import clock, doctor
from mingsuan.finding import Finding
from mingsuan.keys import read_or_make
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings

pytestmark = pytest.mark.enable_socket  # whether ports are free


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var=tmp_path / "v")


def _given(settings: Settings, urls: DatabaseUrls) -> Settings:
    given = {"owner_database_url": urls.owner, "app_database_url": urls.app, "reader_database_url": urls.reader}
    return Settings.model_validate({"var": settings.var, **given})


def _found(settings: Settings, subject: str) -> Finding:
    (finding,) = [finding for finding in doctor.examine(settings) if finding.subject == subject]
    return finding


def test_a_fresh_checkout_has_no_errors_and_nothing_is_made_by_looking(settings: Settings) -> None:
    before = time.monotonic()
    findings = doctor.examine(settings)
    assert time.monotonic() - before < 10
    assert not [finding for finding in findings if finding.level == "error"]
    assert not settings.var.exists()
    subjects = {finding.subject for finding in findings}
    assert {"Python", "state", "PostgreSQL", "dbt", "shop", "published figures"} <= subjects


def test_a_migrated_shop_shows_its_version_roles_and_revision(settings: Settings, database_urls: DatabaseUrls) -> None:
    findings = {finding.subject: finding for finding in doctor.examine(_given(settings, database_urls))}
    assert findings["PostgreSQL"].text.startswith("18.")
    for subject in ("PostgreSQL", "role shop_owner", "role shop_app", "role shop_reader", "migrations"):
        assert findings[subject].level == "ok", findings[subject]


def test_an_outdated_schema_is_an_error_with_the_command_that_mends_it(
    settings: Settings, fresh_database: DatabaseUrls
) -> None:
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("update shop.alembic_version set version_num = 'r0000'")
    finding = _found(_given(settings, fresh_database), "migrations")
    assert finding.level == "error"
    assert "mingsuan migrate" in finding.text


def test_a_connection_string_of_another_role_is_told(settings: Settings, database_urls: DatabaseUrls) -> None:
    owner_everywhere = DatabaseUrls(database_urls.owner, database_urls.owner, database_urls.reader)
    finding = _found(_given(settings, owner_everywhere), "role shop_app")
    assert finding.level == "warning"
    assert "MINGSUAN_APP_DATABASE_URL logs in as shop_owner" in finding.text


def test_a_server_that_does_not_answer_is_one_error_and_the_rest_is_still_looked_at(settings: Settings) -> None:
    nowhere = DatabaseUrls(*("postgresql://shop_app@/x?host=/nonexistent",) * 3)
    findings = doctor.examine(_given(settings, nowhere))
    assert [finding.subject for finding in findings if finding.level == "error"] == ["PostgreSQL"]
    assert "dbt" in {finding.subject for finding in findings}


def test_a_key_that_others_may_read_is_an_error(settings: Settings) -> None:
    read_or_make(settings.keys_dir / "master.key")
    assert _found(settings, "master key").level == "ok"
    (settings.keys_dir / "master.key").chmod(0o644)
    finding = _found(settings, "master key")
    assert finding.level == "error"
    assert "chmod 600" in finding.text


def test_a_key_of_the_wrong_size_is_an_error(settings: Settings) -> None:
    settings.keys_dir.mkdir(parents=True)
    (settings.keys_dir / "fingerprint.key").write_bytes(b"short")
    assert "must hold 32 bytes, not 5" in _found(settings, "fingerprint key").text


def test_encrypted_cards_without_their_key_are_an_error(settings: Settings, fresh_database: DatabaseUrls) -> None:
    with psycopg.connect(fresh_database.owner) as connection:
        connection.execute("insert into shop.data_key (wrapped, master_key_fingerprint) values ('\\x00', 'a')")
    finding = _found(_given(settings, fresh_database), "keys")
    assert finding.level == "error"
    assert "master.key is missing" in finding.text


def test_a_taken_port_names_the_setting(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        finding = _found(settings.model_copy(update={"dagster_port": port}), "Dagster")
    assert finding.level == "warning"
    assert "MINGSUAN_DAGSTER_PORT" in finding.text


def test_a_full_disk_is_an_error(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage("/")._replace(free=1 << 20)
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda _path: usage)
    finding = _found(settings, "state")
    assert finding.level == "error"
    assert "0.0 GiB free" in finding.text


def test_old_figures_and_a_failed_refresh_are_told(settings: Settings) -> None:
    current = settings.published_dir / "current"
    current.mkdir(parents=True)
    old = clock.now() - timedelta(days=3)
    (current / "manifest.json").write_text(json.dumps({"source_instant": old.isoformat()}))
    attempt = {"published": False, "attempted_at": "2026-06-30T12:00:00+00:00", "error": "1 blocking test(s) failed"}
    (settings.published_dir / "last_attempt.json").write_text(json.dumps(attempt))
    assert _found(settings, "published figures").level == "warning"
    assert "1 blocking test(s) failed" in _found(settings, "last refresh").text


def test_a_check_that_breaks_is_a_finding_and_not_a_traceback(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_settings: Settings) -> list[Finding]:
        raise OSError("no such device")

    monkeypatch.setattr(doctor, "_ports", broken)
    assert _found(settings, "ports") == Finding("error", "ports", "could not be looked at: OSError: no such device")
