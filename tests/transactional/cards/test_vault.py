"""Codes at rest: what the ciphertext hides, and that it opens in its own place under its own key only."""

from pathlib import Path

import pytest

from mingsuan.settings import Settings
from tests.transactional.small_shop import codes, one_sku
from transactional.cards import service
from transactional.cards.card_import import import_batch
from transactional.cards.examination import BatchFile
from transactional.cards.sealed import SealedCode
from transactional.cards.vault import Code, Vault, VaultClosedError, open_vault
from transactional.db import WriteSession

VAULT = Vault(bytes(32), bytes(range(32)))
PLAIN = Code("WXYZ-1234", "PIN-9")


def sealed(card_id: int = 7, key_id: int = 3) -> SealedCode:
    key = VAULT.new_data_key(key_id)
    return SealedCode(card_id, key, VAULT.seal_codes(key, {card_id: PLAIN})[card_id])


def test_a_sealed_code_opens_to_itself() -> None:
    assert VAULT.open_code(sealed()) == PLAIN


def test_a_ciphertext_does_not_hold_the_code_and_differs_each_time() -> None:
    key = VAULT.new_data_key(1)
    texts = [VAULT.seal_codes(key, {card: PLAIN})[card] for card in (1, 1, 2)]
    assert len(set(texts)) == 3
    assert all(b"WXYZ" not in ciphertext for ciphertext in texts)


def test_a_ciphertext_moved_to_another_card_or_key_does_not_open() -> None:
    code = sealed()
    for moved in (
        SealedCode(8, code.key, code.ciphertext),
        SealedCode(code.card_id, VAULT.new_data_key(3), code.ciphertext),
        SealedCode(code.card_id, type(code.key)(4, code.key.wrapped), code.ciphertext),
        SealedCode(code.card_id, code.key, code.ciphertext[:-1] + bytes([code.ciphertext[-1] ^ 1])),
    ):
        with pytest.raises(VaultClosedError, match="could not be opened"):
            VAULT.open_code(moved)


def test_other_content_opens_only_in_its_place_and_under_its_key() -> None:
    key, other = VAULT.new_data_key(3), VAULT.new_data_key(4)
    letter = VAULT.seal_bytes(key, service.delivery_place(7), b"password")
    assert VAULT.open_bytes(key, service.delivery_place(7), letter) == b"password"
    for wrong_key, place in (
        (key, service.delivery_place(8)),
        (key, b"notice\x007"),
        (other, service.delivery_place(7)),
    ):
        with pytest.raises(VaultClosedError):
            VAULT.open_bytes(wrong_key, place, letter)


def test_another_master_key_opens_nothing() -> None:
    with pytest.raises(VaultClosedError):
        Vault(bytes([1] * 32), bytes(32)).open_code(sealed())


def test_a_fingerprint_knows_a_code_again_only_under_its_key() -> None:
    other = Vault(bytes(32), bytes(32))
    assert VAULT.fingerprint("A") == VAULT.fingerprint("A") != VAULT.fingerprint("B")
    assert VAULT.fingerprint("A") != other.fingerprint("A")


def test_keys_and_codes_do_not_print_themselves() -> None:
    assert "WXYZ" not in repr(PLAIN)
    assert "PIN" not in f"{PLAIN} {[PLAIN]}"
    assert bytes(32).hex() not in repr(VAULT)


@pytest.mark.anyio
class TestOpening:
    async def test_keys_are_made_once_and_kept(self, session: WriteSession, settings: Settings) -> None:
        first = await open_vault(session, settings)
        again = await open_vault(session, settings)
        assert first.master_key_fingerprint == again.master_key_fingerprint
        assert first.fingerprint("A") == again.fingerprint("A")

    @pytest.mark.parametrize("name", ["master.key", "fingerprint.key"])
    async def test_a_lost_key_is_never_replaced_while_codes_need_it(
        self, session: WriteSession, settings: Settings, name: str
    ) -> None:
        await _one_batch(session, settings)
        file = settings.keys_dir / name
        file.unlink()
        with pytest.raises(VaultClosedError, match=f"{name} is missing.*restore"):
            await open_vault(session, settings)
        assert not file.exists()

    @pytest.mark.parametrize(("name", "what"), [("master.key", "master key"), ("fingerprint.key", "fingerprint key")])
    async def test_another_shops_key_is_refused(
        self, session: WriteSession, settings: Settings, name: str, what: str
    ) -> None:
        await _one_batch(session, settings)
        Path(settings.keys_dir / name).write_bytes(bytes(32))
        with pytest.raises(VaultClosedError, match=f"is not the {what}"):
            await open_vault(session, settings)

    async def test_a_malformed_key_file_is_named(self, session: WriteSession, settings: Settings) -> None:
        settings.keys_dir.mkdir(parents=True)
        (settings.keys_dir / "master.key").write_bytes(b"short")
        with pytest.raises(VaultClosedError, match=r"master\.key must hold exactly 32 bytes"):
            await open_vault(session, settings)


async def _one_batch(session: WriteSession, settings: Settings) -> None:
    await one_sku(session)
    vault = await open_vault(session, settings)
    file = BatchFile("a.csv", "\n".join(codes(1)).encode())
    await import_batch(session, vault, file, "STEAM-50", None, "", settings.zone)
