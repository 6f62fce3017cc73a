"""The gateways that the settings switch on, made from their keys. Each gateway's library is loaded only when needed."""

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from mingsuan.settings import Settings
from transactional.payments.gateways.interface import Gateway

PREFIX = "MINGSUAN_"


class ConfigurationError(Exception):
    """A gateway is switched on with settings that cannot work; the message names the setting."""

    def __init__(self, setting: str, problem: str) -> None:
        super().__init__(f"{PREFIX}{setting.upper()} {problem}")
        self.setting = setting


def gateways(settings: Settings) -> dict[str, Gateway]:
    """The gateways by their method; empty when none is switched on. Raises ConfigurationError."""
    made: dict[str, Gateway] = {}
    if settings.wechat_mchid:
        made["wechat"] = _wechat(settings)
    if settings.alipay_app_id:
        made["alipay"] = _alipay(settings)
    if settings.unionpay_merchant_id:
        made["unionpay"] = _unionpay(settings)
    return made


def _wechat(settings: Settings) -> Gateway:
    from transactional.payments.gateways.wechat import WechatGateway

    for name in ("wechat_appid", "wechat_serial_no", "wechat_public_key_id"):
        _text(settings, name)
    _private_key(settings, "wechat_private_key_file")
    _public_key(settings, "wechat_public_key_file")
    if len(_content(settings, "wechat_apiv3_key_file").strip()) != 32:
        raise ConfigurationError("wechat_apiv3_key_file", "must name a file of 32 characters")
    return WechatGateway.from_settings(settings)


def _alipay(settings: Settings) -> Gateway:
    from transactional.payments.gateways.alipay import AlipayGateway
    from transactional.payments.gateways.alipay_client import AlipayClient

    private, public = "alipay_private_key_file", "alipay_public_key_file"
    _private_key(settings, private)
    _public_key(settings, public)
    client = AlipayClient(
        str(settings.alipay_app_id),
        _content(settings, private).decode("ascii"),
        _content(settings, public).decode("ascii"),
        settings.alipay_gateway_url,
    )
    return AlipayGateway(client, _text(settings, "alipay_seller_id"), settings.alipay_fee_per_myriad)


def _unionpay(settings: Settings) -> Gateway:
    from transactional.payments.gateways.unionpay import UnionpayGateway

    return UnionpayGateway(
        str(settings.unionpay_merchant_id),
        _text(settings, "unionpay_cert_id"),
        _private_key(settings, "unionpay_private_key_file"),
        _public_key(settings, "unionpay_public_key_file"),
        settings.unionpay_gateway_url,
        settings.unionpay_fee_per_myriad,
    )


def _text(settings: Settings, name: str) -> str:
    value = str(getattr(settings, name))
    if not value:
        raise ConfigurationError(name, "is missing")
    return value


def _content(settings: Settings, name: str) -> bytes:
    path: Path | None = getattr(settings, name)
    if path is None:
        raise ConfigurationError(name, "is missing")
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(name, f"names a file that cannot be read: {path} ({error.strerror})") from error


def _private_key(settings: Settings, name: str) -> RSAPrivateKey:
    try:
        key = load_pem_private_key(_content(settings, name), password=None)
    except (ValueError, TypeError) as error:
        raise ConfigurationError(name, "must name a PEM file with a private key without a password") from error
    if not isinstance(key, RSAPrivateKey):
        raise ConfigurationError(name, "must name an RSA key")
    return key


def _public_key(settings: Settings, name: str) -> RSAPublicKey:
    try:
        key = load_pem_public_key(_content(settings, name))
    except ValueError as error:
        raise ConfigurationError(name, "must name a PEM file with a public key") from error
    if not isinstance(key, RSAPublicKey):
        raise ConfigurationError(name, "must name an RSA key")
    return key
