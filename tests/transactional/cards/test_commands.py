"""The command line over keys and codes: what it says, what it leaves behind, and what it refuses in a sentence."""

import re
from pathlib import Path

import psycopg
import pytest

from mingsuan.postgres import DatabaseUrls
from mingsuan.progress import silent
from mingsuan.settings import Settings
from transactional.cards import commands
from transactional.first_start import CommandRefusedError, import_card_file

GOODS = """
with c as (insert into shop.category (slug, name_zh, name_en) values ('c', 'c', 'c') returning id),
p as (
    insert into shop.product (category_id, slug, kind, title_zh, title_en) select id, 'p', 'card_code', 'p', 'p' from c
    returning id
)
insert into shop.sku (product_id, code, name_zh, name_en) select id, 'S', 's', 's' from p
"""


@pytest.fixture
def batch(fresh_database: DatabaseUrls, settings: Settings, tmp_path: Path) -> str:
    """Two codes that were imported from the command line, good through the last day of 2098."""
    with psycopg.connect(fresh_database.app) as connection:
        connection.execute(GOODS)
    file = tmp_path / "codes.txt"
    file.write_text("AAAA-1111----42\n=BBBB-2222\n")
    said = import_card_file(fresh_database.app, settings, file, "S", "3.01", "", "2098-12-31")
    return re.findall(r"[0-9a-f-]{36}", said)[-1]


def test_after_both_rotations_the_export_still_reads_every_code(
    fresh_database: DatabaseUrls, settings: Settings, batch: str, tmp_path: Path
) -> None:
    said = commands.rotate_master_key(fresh_database.app, settings)
    assert said.startswith("1 data keys are wrapped by master key ")
    assert "back it up" in said
    for one in (None, batch):
        again = commands.re_encrypt(fresh_database.app, settings, one, silent)
        assert again == "2 codes and 0 deliveries are under new data keys."
    to = tmp_path / "out.csv"
    text, _ = commands.export_cards(fresh_database.app, settings, batch, "audit", None, delivered=False)
    empty, _ = commands.export_cards(fresh_database.app, settings, batch, "audit", to, delivered=True)
    until = "available,2098-12-31T16:00:00+00:00"
    assert text.splitlines()[1:] == [f"AAAA-1111,42,{until}", f"'=BBBB-2222,,{until}"]
    assert (empty, to.read_text("utf-8-sig"), to.stat().st_mode & 0o077) == ("", text.replace("\r\n", "\n"), 0)
    with psycopg.connect(fresh_database.app) as connection:
        acts = connection.execute("select act, reason, staff_id from shop.staff_act").fetchall()
    assert acts == [("export_cards", "audit", None)] * 2


def test_what_cannot_be_done_is_refused_in_a_sentence(
    fresh_database: DatabaseUrls, settings: Settings, batch: str
) -> None:
    app = fresh_database.app
    with pytest.raises(CommandRefusedError, match="--reason must not be empty"):
        commands.export_cards(app, settings, batch, " ", None, delivered=False)
    with pytest.raises(CommandRefusedError, match="there is no such batch"):
        commands.re_encrypt(app, settings, batch[:-4] + "0000", silent)
    with pytest.raises(CommandRefusedError, match="named by its id"):
        commands.re_encrypt(app, settings, "first", silent)
    (settings.keys_dir / "master.key").unlink()
    with pytest.raises(CommandRefusedError, match="master.key is missing"):
        commands.rotate_master_key(app, settings)


def test_a_shop_without_codes_has_nothing_to_rotate(fresh_database: DatabaseUrls, settings: Settings) -> None:
    with pytest.raises(CommandRefusedError, match="nothing is sealed"):
        commands.rotate_master_key(fresh_database.app, settings)
