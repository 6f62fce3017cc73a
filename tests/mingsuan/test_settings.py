"""Settings refuse what could not work, and say it in words."""

import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from mingsuan.settings import Settings


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("TIMEZONE", "Mars/Base", "no time zone is called 'Mars/Base'"),
        ("TIMEZONE", "../../etc", "no time zone is called"),
        ("SHOP_PORT", "0", "greater than or equal to 1"),
        ("DAGSTER_PORT", "65536", "less than or equal to 65535"),
        ("CURRENCY", "yuan", "pattern"),
        ("LANGUAGE", "fr", "'zh_CN' or 'en'"),
        ("KEEP_VERSIONS", "0", "greater than or equal to 1"),
    ],
)
def test_a_value_that_cannot_work_is_refused(
    name: str, value: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"MINGSUAN_{name}", value)
    with pytest.raises(ValidationError, match=words):
        Settings()


def test_a_bad_setting_is_one_sentence_at_the_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from mingsuan.cli import main; main()", "doctor"],
        env={"MINGSUAN_TIMEZONE": "Mars/Base"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "MINGSUAN_TIMEZONE" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_environment_wins_over_the_file_and_the_folder_becomes_absolute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".env").write_text("MINGSUAN_SHOP_PORT=8100\nMINGSUAN_DAGSTER_PORT=3100\nMINGSUAN_VAR=state\n")
    monkeypatch.setenv("MINGSUAN_SHOP_PORT", "8200")
    monkeypatch.delenv("MINGSUAN_VAR", raising=False)
    settings = Settings()
    assert (settings.shop_port, settings.dagster_port) == (8200, 3100)
    assert settings.var == tmp_path / "state"


def test_connection_strings_are_not_shown() -> None:
    settings = Settings.model_validate({"owner_database_url": "postgresql://shop_owner:secret@server/mingsuan"})
    assert "secret" not in repr(settings)
