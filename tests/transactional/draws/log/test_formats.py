"""Notes, keys and tiles are those of C2SP: its own examples, and what must be refused."""

import json
import random
from pathlib import Path

import pytest

from mingsuan.settings import Settings
from tests.transactional.draws.log.witnesses import KEY, OWN
from transactional import merkle
from transactional.draws import proofs
from transactional.draws.log import proving, tiles
from transactional.draws.log.checkpoints import Checkpoint, checkpoint
from transactional.draws.log.keeper import LogSettingsError, keeper_of
from transactional.draws.log.notes import BadNoteError, Verifier, check_signed, cosign, cosigned_at, note, verifier
from transactional.draws.log.tiles import Tiles, TilesError

EXAMPLES = json.loads((Path(__file__).parents[3] / "data/draws/c2sp_signed_note.json").read_text())
SIGNED = EXAMPLES["signed_note"]
WHOLE = f"{SIGNED['text']}\n{SIGNED['signature_line']}\n"
WITNESS, OTHER = (Verifier(f"witness.example/{name}", 4, OWN.public) for name in "wo")


def test_the_published_note_is_believed_and_its_key_written_as_it_was() -> None:
    key = verifier(SIGNED["vkey"])
    check_signed(note(WHOLE), key)
    assert (str(key), str(note(WHOLE))) == (SIGNED["vkey"], WHOLE)


@pytest.mark.parametrize(
    "content",
    [
        SIGNED["text"],
        WHOLE.removesuffix("\n"),
        WHOLE.replace("This", "That"),
        WHOLE.replace("— ", "- "),
        WHOLE.replace("This", "Thi\ts"),
        WHOLE.replace("Uw2Q", "Uw2R"),
        WHOLE.replace("example.com/foo", "example.com/bar"),
        WHOLE + WHOLE.split("\n\n")[1].replace("IneyaQM=", "IneyaQI="),
    ],
)
def test_a_note_that_differs_is_not_believed(content: str) -> None:
    with pytest.raises(BadNoteError):
        check_signed(note(content), verifier(SIGNED["vkey"]))


@pytest.mark.parametrize("changed", ["530d903b", "530d903", "", "530D903A"])
def test_a_key_with_another_id_is_refused(changed: str) -> None:
    with pytest.raises(BadNoteError):
        verifier(SIGNED["vkey"].replace("530d903a", changed))


def test_a_cosignature_is_for_its_text_and_its_second_alone() -> None:
    text = Checkpoint("shop.example/log", 3, bytes(32)).text
    line = cosign(text, WITNESS.name, KEY, 1_679_315_147)
    assert cosigned_at(text, [line], verifier(str(WITNESS))) == 1_679_315_147
    assert cosigned_at(text, [], WITNESS) is None
    later = type(line)(line.name, line.key_id, (1_679_315_148).to_bytes(8) + line.signature[8:])
    for other, lie in ((text.replace("3", "4", 1), line), (text, later)):
        with pytest.raises(BadNoteError):
            cosigned_at(other, [lie], WITNESS)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    said = Checkpoint("shop.example/log", 20_852_163, bytes(range(32)))
    assert checkpoint(said.text) == said
    assert checkpoint(f"{said.text}an extension\n") == said
    for wrong in (said.text[:-1], said.text.replace("20852163", "020852163"), said.text.replace("A", "", 1), "a\n1\n"):
        with pytest.raises(BadNoteError):
            checkpoint(wrong)


def test_tiles_have_the_published_names_and_numbers(tmp_path: Path) -> None:
    for number, path in EXAMPLES["tile_path"].items():
        assert tiles.tile_path("3", int(number)) == f"tile/3/{path}"
    files = tiles.extended(Tiles(tmp_path, 0), [b""] * 70_000)
    levels = [path for path in files if not path.startswith("tile/entries")]
    told = EXAMPLES["tile_counts_size_70000"]
    assert sum("p/" not in path for path in levels if path.startswith("tile/0/")) == told["level0_full"]
    partial = {path for path in levels if ".p/" in path}
    assert partial == {
        f"tile/0/273.p/{told['level0_partial_width']}",
        f"tile/1/001.p/{told['level1_partial_width']}",
        f"tile/2/000.p/{told['level2_partial_width']}",
    }


def test_a_log_in_tiles_has_the_roots_and_proofs_of_its_tree_however_it_grew(tmp_path: Path) -> None:
    draws, leaves = random.Random(7), list[bytes]()  # noqa: S311
    for step in (1, 1, 254, 1, 255, 257, 600, 2, 3000):
        before = len(leaves)
        new = [draws.randbytes(draws.randrange(20)) for _ in range(step)]
        tiles.write(tmp_path, tiles.extended(Tiles(tmp_path, before), new))
        leaves += new
        tiles.drop_partial(tmp_path, before, len(leaves))
        here, hashes = Tiles(tmp_path, len(leaves)), [merkle.leaf_hash(leaf) for leaf in leaves]
        assert proving.root(here) == merkle.root(hashes)
        for index in (0, len(leaves) - 1, draws.randrange(len(leaves))):
            assert proving.leaf(here, index) == leaves[index]
            assert proving.inclusion(here, index) == proofs.inclusion(hashes, index)
            assert proving.consistency(here, index) == proofs.consistency(hashes, index)
            assert proving.root(here, index) == merkle.root(hashes[:index])
    partial = {str(path.relative_to(tmp_path)) for path in tmp_path.glob("tile/*/*.p/*")}
    assert {path for path in partial if "/1/" not in path} == {"tile/0/017.p/19", "tile/entries/017.p/19"}


def test_tiles_that_are_gone_cut_or_exchanged_are_found(tmp_path: Path) -> None:
    tiles.write(tmp_path, tiles.extended(Tiles(tmp_path, 0), [b"one", b"two"]))
    bundle = tmp_path / "tile/entries/000.p/2"
    bundle.write_bytes(bundle.read_bytes().replace(b"two", b"owt"))
    with pytest.raises(TilesError, match="Leaf 1"):
        proving.leaf(Tiles(tmp_path, 2), 1)
    bundle.write_bytes(bundle.read_bytes()[:-1])
    with pytest.raises(TilesError, match="cut off"):
        proving.leaf(Tiles(tmp_path, 2), 0)
    (tmp_path / "tile/0/000.p/2").unlink()
    with pytest.raises(TilesError, match="missing"):
        proving.root(Tiles(tmp_path, 2))


def test_witnesses_are_named_by_setting_and_wrong_names_are_refused(tmp_path: Path) -> None:
    given = f"{WITNESS} https://witness.example/, {OTHER} http://127.0.0.1:8093 test"
    keeper = keeper_of(Settings(var=tmp_path, log_witnesses=given, log_origin="shop.example/log"))
    assert [(each.url, each.is_test) for each in keeper.witnesses] == [
        ("https://witness.example", False),
        ("http://127.0.0.1:8093", True),
    ]
    for wrong in (
        str(WITNESS),
        f"{OWN} https://x",
        f"{WITNESS} ftp://x",
        f"{WITNESS} https://x yes",
        "a b",
        f"{WITNESS} https://x, {WITNESS} https://y",
    ):
        with pytest.raises(LogSettingsError):
            keeper_of(Settings(var=tmp_path, log_witnesses=wrong))
    with pytest.raises(LogSettingsError, match="more than there are witnesses"):
        keeper_of(Settings(var=tmp_path, log_witnesses=given, log_quorum=3))
