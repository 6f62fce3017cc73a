"""Keys and settings of the simulated gateways."""

import stat
from pathlib import Path

import pytest

from mingsuan.settings import Settings
from simulation.gateways.keys import environment, keys


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


def test_keys_are_made_once_and_only_their_owner_reads_them(folder: Path) -> None:
    first, again = keys(folder), keys(folder)
    assert first.wechat_shop.serial == again.wechat_shop.serial
    assert first.wechat_api_v3 == again.wechat_api_v3
    assert len(first.wechat_api_v3) == 32
    secret = [*folder.glob("*_private.pem"), first.wechat_api_v3_file]
    assert len(secret) == 7
    assert {stat.S_IMODE(path.stat().st_mode) for path in secret} == {0o600}


def test_the_environment_is_one_that_the_settings_know(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in environment(folder, "http://127.0.0.1:8900/").items():
        assert name.removeprefix("MINGSUAN_").lower() in Settings.model_fields
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.wechat_gateway_url == "http://127.0.0.1:8900/wechat"
    assert settings.wechat_private_key_file == folder / "wechat_shop_private.pem"
    assert settings.alipay_public_key_file == folder / "alipay_gateway_public.pem"
