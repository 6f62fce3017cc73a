"""What is wrong with WeChat Pay's settings is said by the setting's name."""

from pathlib import Path

import pytest

from mingsuan.settings import Settings
from simulation.gateways.keys import environment
from transactional.payments.gateways.configured import ConfigurationError
from transactional.payments.gateways.wechat import WechatGateway


@pytest.fixture(scope="module")
def right(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    given = environment(tmp_path_factory.mktemp("gateways"), "http://127.0.0.1:8900")
    return Settings(**{name.removeprefix("MINGSUAN_").lower(): value for name, value in given.items()})


FILES = ("wechat_private_key_file", "wechat_apiv3_key_file", "wechat_public_key_file")


def test_right_settings_make_a_gateway(right: Settings) -> None:
    gateway = WechatGateway.from_settings(right)
    assert (gateway.method, gateway.ways, gateway.fee_per_myriad) == ("wechat", ("native", "h5", "jsapi"), 60)


@pytest.mark.parametrize("setting", FILES)
@pytest.mark.parametrize("path", [None, Path("/nowhere/key.pem"), Path("/")])
def test_a_file_that_is_missing_is_named(right: Settings, setting: str, path: Path | None) -> None:
    with pytest.raises(ConfigurationError, match=f"MINGSUAN_{setting.upper()}"):
        WechatGateway.from_settings(right.model_copy(update={setting: path}))


@pytest.mark.parametrize("setting", FILES)
@pytest.mark.parametrize("content", [b"", b"nothing of use", b"\xff\xfe\x00"])
def test_a_file_that_is_malformed_is_named(right: Settings, setting: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(ConfigurationError, match=f"MINGSUAN_{setting.upper()}"):
        WechatGateway.from_settings(right.model_copy(update={setting: tmp_path / "key"}))
