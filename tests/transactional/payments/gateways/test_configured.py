"""Which gateways the settings switch on, and what is said when a setting cannot work."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from mingsuan.settings import Settings
from simulation.gateways.keys import environment
from transactional.payments.gateways.configured import ConfigurationError, gateways

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def complete(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    named = environment(tmp_path_factory.getbasetemp() / "gateways", "http://127.0.0.1:1")
    return {name.removeprefix("MINGSUAN_").lower(): value for name, value in named.items()}


async def test_without_settings_there_is_no_gateway() -> None:
    assert gateways(Settings(wechat_mchid=None, alipay_app_id=None, unionpay_merchant_id=None)) == {}


@pytest.mark.parametrize("others_off", [("alipay_app_id", "unionpay_merchant_id"), ("wechat_mchid",), ()])
async def test_each_gateway_is_switched_on_by_its_merchant(
    complete: dict[str, Any], others_off: tuple[str, ...]
) -> None:
    switches = {"wechat": "wechat_mchid", "alipay": "alipay_app_id", "unionpay": "unionpay_merchant_id"}
    made = gateways(Settings(**{**complete, **dict.fromkeys(others_off)}))
    assert list(made) == [method for method, switch in switches.items() if switch not in others_off]
    for method, gateway in made.items():
        assert gateway.method == method
        assert gateway.fee_per_myriad == 60
        await gateway.aclose()


FILES = (
    "wechat_private_key_file",
    "wechat_public_key_file",
    "wechat_apiv3_key_file",
    "alipay_private_key_file",
    "alipay_public_key_file",
    "unionpay_private_key_file",
    "unionpay_public_key_file",
)
TEXTS = ("wechat_appid", "wechat_serial_no", "wechat_public_key_id", "alipay_seller_id", "unionpay_cert_id")


def refusal(settings: dict[str, Any]) -> str:
    with pytest.raises(ConfigurationError) as refused:
        gateways(Settings(**settings))
    return str(refused.value)


@pytest.mark.parametrize("name", FILES + TEXTS)
async def test_a_missing_setting_is_named(complete: dict[str, Any], name: str) -> None:
    missing: object = None if name in FILES else ""
    assert refusal({**complete, name: missing}) == f"MINGSUAN_{name.upper()} is missing"


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_is_not_there_is_named(complete: dict[str, Any], name: str, tmp_path: Path) -> None:
    said = refusal({**complete, name: tmp_path / "absent"})
    assert said.startswith(f"MINGSUAN_{name.upper()} ")
    assert str(tmp_path / "absent") in said


@pytest.mark.parametrize("name", FILES)
async def test_a_file_that_holds_no_such_key_is_named_without_its_content(
    complete: dict[str, Any], name: str, tmp_path: Path
) -> None:
    wrong = tmp_path / "wrong"
    wrong.write_text("secret nonsense")
    said = refusal({**complete, name: wrong})
    assert said.startswith(f"MINGSUAN_{name.upper()} must name ")
    assert "secret nonsense" not in said


@pytest.mark.parametrize("name", [name for name in FILES if "apiv3" not in name])
async def test_a_key_of_another_kind_is_refused(complete: dict[str, Any], name: str, tmp_path: Path) -> None:
    key, wrong = Ed25519PrivateKey.generate(), tmp_path / "ed25519.pem"
    wrong.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        if "private" in name
        else key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert refusal({**complete, name: wrong}) == f"MINGSUAN_{name.upper()} must name an RSA key"
