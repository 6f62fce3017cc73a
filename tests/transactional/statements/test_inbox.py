"""The inbox: every file is taken in once and kept, whatever it is and wherever a run ends."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner

from mingsuan import cli
from mingsuan.commands import statements as statement_commands
from mingsuan.commands import terminal
from mingsuan.postgres import DatabaseUrls
from mingsuan.settings import Settings
from transactional.statements import inbox

SPEND = "日期,计划,渠道,消耗\n2026-09-01,A1,douyin,12.34\n"
CHARGES = "日期,运单号,金额\n2026-09-02,SF1234567,8.00\n"
Put = Callable[[str, str], Path]


class Killed(BaseException):
    """Ends a run where it is."""


@pytest.fixture
def shop(fresh_database: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DatabaseUrls:
    """An empty shop that the command line talks to, with an inbox of its own."""

    @contextmanager
    def given(_: Settings) -> Iterator[DatabaseUrls]:
        yield fresh_database

    monkeypatch.setattr(statement_commands, "migrated", given)
    monkeypatch.setattr(terminal, "opened", given)
    monkeypatch.setenv("MINGSUAN_VAR", str(tmp_path))
    return fresh_database


@pytest.fixture
def put(tmp_path: Path) -> Put:
    """Puts a file into the inbox that has lain there for an hour."""

    def put(place: str, content: str) -> Path:
        path = tmp_path / "inbox" / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        os.utime(path, (path.stat().st_mtime - 3600,) * 2)
        return path

    return put


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(cli.app, list(arguments))
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.output


def booked(urls: DatabaseUrls) -> dict[str, int]:
    query = "select component, sum(amount_fen)::bigint from shop.document_line group by 1"
    with psycopg.connect(urls.reader) as connection:
        return {str(component): int(fen) for component, fen in connection.execute(query)}


def lying(root: Path) -> list[str]:
    """Every file of the inbox but the lock."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and path.name != ".lock")


def test_each_file_is_taken_in_or_refused_and_moved_with_its_report(
    shop: DatabaseUrls, put: Put, tmp_path: Path
) -> None:
    put("ad-spend/oceanengine/0901.csv", SPEND)
    put("ad-spend/nowhere/0901.csv", SPEND)
    put("courier/顺丰/0902.csv", CHARGES)
    put("supplier-statements/fast/0903.csv", "request_no,amount\nR1,9.99\n")
    put("courier/顺丰/bad.csv", CHARGES.replace("8.00", "八元"))
    put("0904.csv", SPEND)
    put("ad-spend/oceanengine/.0905.csv.x7", SPEND)
    put("ad-spend/oceanengine/0905.csv.part", SPEND)
    code, said = run("import-inbox", "--json")
    told = json.loads(said)
    assert code == statement_commands.REFUSED == 3
    assert {each["path"]: (each["outcome"], each["moved_to"]) for each in told["files"]} == {
        "0904.csv": ("refused", "refused/0904.csv"),
        "ad-spend/nowhere/0901.csv": ("refused", "ad-spend/nowhere/refused/0901.csv"),
        "ad-spend/oceanengine/0901.csv": ("imported", "ad-spend/oceanengine/done/0901.csv"),
        "courier/顺丰/0902.csv": ("imported", "courier/顺丰/done/0902.csv"),
        "courier/顺丰/bad.csv": ("refused", "courier/顺丰/refused/bad.csv"),
        "supplier-statements/fast/0903.csv": ("refused", "supplier-statements/fast/refused/0903.csv"),
    }
    assert (told["imported"], told["refused"], told["failed"]) == (2, 4, 0)
    assert booked(shop) == {"marketing": 1234, "delivery_costs": 800}
    reports = tmp_path / "inbox/courier/顺丰"
    assert (reports / "refused/bad.csv.report.txt").read_text(encoding="utf-8") == (
        "整个文件被拒绝，没有写入任何内容。\nrow 2, column amount: 不是有效金额，例如 12.30。\n"
    )
    assert (reports / "done/0902.csv.report.txt").read_text(encoding="utf-8").startswith("已入库：1 行，共 ¥8.00")
    assert run("import-inbox")[0] == 0, "what is unfinished or hidden waits in peace"
    assert "ad-spend/oceanengine/0905.csv.part" in lying(tmp_path / "inbox")


def test_a_run_that_ends_before_the_move_is_made_good_by_the_next_one(
    shop: DatabaseUrls, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("ad-spend/oceanengine/0901.csv", SPEND)
    with monkeypatch.context() as patch:

        def ended(*_: object) -> str:
            raise Killed

        patch.setattr(inbox, "_moved", ended)
        with pytest.raises(Killed):
            run("import-inbox")
    assert path.exists()
    assert booked(shop) == {"marketing": 1234}
    code, said = run("import-inbox", "--json")
    [told] = json.loads(said)["files"]
    assert (code, told["outcome"], told["posted_fen"]) == (0, "known", 0)
    assert booked(shop) == {"marketing": 1234}
    assert lying(tmp_path / "inbox") == [
        "ad-spend/oceanengine/done/0901.csv",
        "ad-spend/oceanengine/done/0901.csv.report.txt",
    ]


def test_a_file_never_takes_the_place_of_one_of_its_name(shop: DatabaseUrls, put: Put, tmp_path: Path) -> None:
    put("ad-spend/oceanengine/0901.csv", SPEND)
    run("import-inbox")
    put("ad-spend/oceanengine/0901.csv", SPEND.replace("12.34", "20.00"))
    run("import-inbox")
    done = tmp_path / "inbox/ad-spend/oceanengine/done"
    assert [(done / name).read_text(encoding="utf-8")[-6:-1] for name in ("0901.csv", "0901-2.csv")] == [
        "12.34",
        "20.00",
    ]
    assert (done / "0901-2.csv.report.txt").exists()
    assert booked(shop) == {"marketing": 2000}


def test_a_file_that_still_changes_waits(shop: DatabaseUrls, put: Put) -> None:
    path = put("courier/sf/0902.csv", CHARGES)
    os.utime(path)
    code, said = run("import-inbox", "--json")
    assert (code, json.loads(said)["waiting"], path.exists()) == (0, 1, True)
    assert booked(shop) == {}


def test_what_fails_on_the_shops_side_stays_and_keeps_no_other_file_out(
    shop: DatabaseUrls, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put("ad-spend/oceanengine/0901.csv", SPEND)
    put("courier/sf/0902.csv", CHARGES)

    async def broken(*_: object) -> object:
        raise OSError("no connection")

    with monkeypatch.context() as patch:
        patch.setitem(inbox.KINDS, "ad-spend", broken)
        code, said = run("import-inbox", "--json")
    assert (code, json.loads(said)["failed"], path.exists()) == (1, 1, True)
    assert booked(shop) == {"delivery_costs": 800}
    assert run("import-inbox")[0] == 0
    assert booked(shop) == {"marketing": 1234, "delivery_costs": 800}


def test_one_file_can_be_taken_in_by_hand(shop: DatabaseUrls, tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text(SPEND, encoding="utf-8")
    code, said = run("import-ad-spend", str(file), "--platform", "oceanengine")
    assert (code, said.splitlines()[0]) == (
        0,
        "Taken in: 1 lines, ¥12.34 in all, ¥12.34 of it posted now; 0 lines were stated otherwise before.",
    )
    file.write_text(CHARGES.replace("SF1234567", "?"), encoding="utf-8")
    code, said = run("import-courier-costs", str(file), "--courier", "shunfeng")
    assert (code, "row 2, column tracking_no: Must be 6 to 40" in said) == (1, True)
