"""What the README tells of settings, ports, commands and files is so."""

import re
from pathlib import Path

import typer

from mingsuan import cli, serve
from mingsuan.postgres import DatabaseUrls
from mingsuan.services import endpoints, services
from mingsuan.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()


def _shown(default: object) -> str:
    if default is None:
        return "–"
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


def test_the_table_of_settings_is_that_of_the_class() -> None:
    table = README.split("by tests/test_readme.py -->")[1].split("<!-- end of settings -->")[0]
    rows = [tuple(cell.strip() for cell in line.split("|")[1:4]) for line in table.strip().splitlines()[2:]]
    expected = [
        (f"`MINGSUAN_{name.upper()}`", _shown(field.default), field.description)
        for name, field in Settings.model_fields.items()
    ]
    assert rows == expected


def test_the_addresses_are_the_defaults() -> None:
    defaults = Settings.model_construct()
    for endpoint in endpoints(defaults).values():
        (row,) = [line for line in README.splitlines() if f"| `{endpoint.setting}` |" in line and "<http" in line]
        assert f"<{endpoint.url}>" in row


def test_every_command_is_listed_and_no_other() -> None:
    listed = set(re.findall(r"^\| `mingsuan ([a-z-]+(?: [a-z-]+)?)(?= [A-Z]|`)", README, flags=re.MULTILINE))
    group = typer.main.get_command(cli.app)
    known = set[str]()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        below = getattr(command, "commands", {})
        known |= {f"{name} {inner}" for inner in below} or {name}
    assert listed == known


def test_the_exit_codes_of_serve_are_those_told() -> None:
    plan = services(Settings.model_construct(), DatabaseUrls("", "", ""), Path("/nowhere"))
    told = README.split("`mingsuan serve` exits with 0")[1].split("##")[0]
    assert f"{serve.REFUSED} when it started nothing" in told
    for service in plan.of:
        assert str(service.exit_code) in told
    assert sorted(service.exit_code for service in plan.of) == [11, 12, 13, 14, 15, 16]


def test_every_file_that_is_linked_or_named_is_there() -> None:
    for link in re.findall(r"\]\((?!http)([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    house = README.split("## The house")[1].split("```")[1]
    for folder in re.findall(r"^(\S+)/ ", house, flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder
