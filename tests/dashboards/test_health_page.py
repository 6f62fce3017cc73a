"""Data health says whether the figures can be trusted, and nothing that is wrong can be overlooked."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from streamlit.testing.v1 import AppTest

from mingsuan import clock

Visit = Callable[..., AppTest]
Publish = Callable[..., Path]


def html(page: AppTest) -> str:
    return "\n".join(block.value for block in page.get("html"))


def test_a_fresh_version_with_all_rows_is_trusted(publish: Publish, visit: Visit) -> None:
    publish()
    page = visit("health", lang="en")
    assert not page.exception
    assert '<p class="ms-figure">Yes</p>' in html(page)
    assert "1 of 2 tests passed; 2 of 2 tables have as many rows as the shop." in html(page)
    assert [m.value for m in page.metric] == ["2026-06-30", "2 h 5 min", "1", "0", "1.5 s"]
    assert "812:815:812" in html(page)
    assert "2026-06-30 12:10 Asia/Shanghai (UTC+08:00)" in html(page)
    assert not page.warning
    assert not page.error


def test_every_test_is_listed_with_its_result_and_since_when(publish: Publish, visit: Visit) -> None:
    publish()
    tests = visit("health", lang="en").dataframe[0].value
    assert tests["result"].tolist() == ["! warns", "✓ passed"]
    assert tests["since"].tolist()[0] == "2026-06-28 09:00:00"
    assert tests["weight"].tolist() == ["warns only", "blocks publication"]


def test_missing_rows_are_counted_and_marked(publish: Publish, visit: Visit) -> None:
    publish(missing_rows=5)
    page = visit("health", lang="en")
    assert '<p class="ms-figure">Look closer</p>' in html(page)
    assert page.metric[3].value == "5"
    assert "✗ −5" in html(page)


def test_a_table_that_was_not_counted_is_neither_equal_nor_different(publish: Publish, visit: Visit) -> None:
    publish(uncounted=True)
    page = visit("health", lang="en")
    assert not page.exception
    assert '<p class="ms-figure">Yes</p>' in html(page)
    assert "2 of 2 tables have as many rows as the shop. Not counted in this batch: ledger_entry (" in html(page)
    row = html(page).split("ledger_entry</th>")[1].split("</tr>")[0]
    assert re.findall(r">([^<]+)</td>", row) == ["—", "1,200,000", "not counted in this batch", "1,300,000"]
    assert page.metric[3].value == "0"
    publish(version="sick", uncounted=True, missing_rows=5)
    sick = visit("health", lang="en")
    assert '<p class="ms-figure">Look closer</p>' in html(sick)
    assert sick.metric[3].value == "5"


def test_old_figures_are_called_old_on_every_page(publish: Publish, visit: Visit) -> None:
    publish(source_instant=clock.now() - timedelta(days=3))
    for name in ("profit", "repurchase", "health"):
        assert visit(name, lang="en").warning[0].value.startswith("These figures are 3 d 0 h old.")
    assert '<p class="ms-figure">True, but old</p>' in html(visit("health", lang="en"))


def test_a_failed_update_names_the_test_and_since_when(
    publish: Publish, fail_attempt: Callable[[], None], visit: Visit
) -> None:
    publish()
    fail_attempt()
    page = visit("health", lang="en")
    banner = page.error[0].value
    assert "**The update of 2026-06-30 14:15 Asia/Shanghai (UTC+08:00) was not published.**" in banner
    assert "`sum_of_cm3_is_the_ledgers_profit` on `mart_profit_daily`: 2 rows, failing since 2026-06-30 13:00" in banner
    assert "fine" not in banner
    assert '<p class="ms-figure">True, but not updated</p>' in html(page)


def test_a_failed_update_is_noted_on_the_other_pages_which_keep_the_last_true_figures(
    publish: Publish, fail_attempt: Callable[[], None], visit: Visit
) -> None:
    publish()
    fail_attempt()
    page = visit("profit", lang="en")
    assert "sum_of_cm3_is_the_ledgers_profit" in page.error[0].value
    assert page.metric[3].value == "¥32.16"


def test_an_older_version_can_be_opened_and_says_so(publish: Publish, visit: Visit) -> None:
    publish(version="20260629T000000Z-6", kind="one_row")
    publish()
    page = visit("profit", lang="en", version="20260629T000000Z-6")
    assert page.metric[3].value == "−¥80.00"
    assert "You are looking at an older version, 20260629T000000Z-6." in page.info[0].value
    page.selectbox(key="choice_version").set_value("newest").run()
    assert page.metric[3].value == "¥32.16"
    assert not page.info
    assert "version" not in page.query_params


def test_an_empty_shop_still_has_its_health(publish: Publish, visit: Visit) -> None:
    publish(kind="empty")
    assert not visit("health", lang="en").exception
