"""The key pairs and identities of the simulated gateways and of the shop as their merchant, made once in a folder."""

import hashlib
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from simulation import courier, identity

WECHAT_MCHID, WECHAT_APPID = "1900000109", "wxd678efh567hg6787"
ALIPAY_APP_ID, ALIPAY_SELLER_ID = "2021000000000001", "2088000000000001"
UNIONPAY_MERCHANT_ID = "777290058110048"


@dataclass(frozen=True, slots=True)
class Pair:
    """An RSA pair; the PEM files are `<name>_private.pem` and `<name>_public.pem`."""

    private: RSAPrivateKey
    private_file: Path
    public_file: Path

    @property
    def public(self) -> RSAPublicKey:
        return self.private.public_key()

    @property
    def serial(self) -> str:
        """40 hexadecimal digits that name the pair, as a certificate's serial number would."""
        der = self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()


@dataclass(frozen=True, slots=True)
class Keys:
    """`*_shop` is the merchant's pair (the shop holds the private part), `*_gateway` the gateway's own."""

    wechat_shop: Pair
    wechat_gateway: Pair
    wechat_api_v3: str
    alipay_shop: Pair
    alipay_gateway: Pair
    unionpay_shop: Pair
    unionpay_gateway: Pair
    identity: bytes
    folder: Path

    @property
    def wechat_public_key_id(self) -> str:
        return f"PUB_KEY_ID_0{WECHAT_MCHID}{int(self.wechat_gateway.serial, 16) % 10**20:020d}"

    @property
    def wechat_api_v3_file(self) -> Path:
        return self.folder / "wechat_api_v3_key"

    @property
    def unionpay_cert_id(self) -> str:
        return str(int(self.unionpay_shop.serial, 16))[:20]


def keys(folder: Path) -> Keys:
    """The keys of a folder; made when they are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    names = ("wechat_shop", "wechat_gateway", "alipay_shop", "alipay_gateway", "unionpay_shop", "unionpay_gateway")
    pairs = {name: _pair(folder, name) for name in names}
    secret, identity_key = folder / "wechat_api_v3_key", folder / "identity_key"
    for file in (secret, identity_key):
        if not file.exists():
            _write(file, secrets.token_hex(16).encode())
    return Keys(
        **pairs,
        wechat_api_v3=secret.read_text(encoding="ascii"),
        identity=identity_key.read_bytes(),
        folder=folder,
    )


def environment(folder: Path, base_url: str) -> dict[str, str]:
    """The shop's settings (MINGSUAN_*) for which the simulated gateways at `base_url` are its gateways."""
    made = keys(folder)
    for name in ("sms_key", "courier_key"):
        courier.secret_in(folder, name)
    base_url = base_url.rstrip("/")
    return {
        "MINGSUAN_WECHAT_MCHID": WECHAT_MCHID,
        "MINGSUAN_WECHAT_APPID": WECHAT_APPID,
        "MINGSUAN_WECHAT_SERIAL_NO": made.wechat_shop.serial,
        "MINGSUAN_WECHAT_PRIVATE_KEY_FILE": str(made.wechat_shop.private_file),
        "MINGSUAN_WECHAT_APIV3_KEY_FILE": str(made.wechat_api_v3_file),
        "MINGSUAN_WECHAT_PUBLIC_KEY_FILE": str(made.wechat_gateway.public_file),
        "MINGSUAN_WECHAT_PUBLIC_KEY_ID": made.wechat_public_key_id,
        "MINGSUAN_WECHAT_GATEWAY_URL": f"{base_url}/wechat",
        "MINGSUAN_ALIPAY_APP_ID": ALIPAY_APP_ID,
        "MINGSUAN_ALIPAY_SELLER_ID": ALIPAY_SELLER_ID,
        "MINGSUAN_ALIPAY_PRIVATE_KEY_FILE": str(made.alipay_shop.private_file),
        "MINGSUAN_ALIPAY_PUBLIC_KEY_FILE": str(made.alipay_gateway.public_file),
        "MINGSUAN_ALIPAY_GATEWAY_URL": f"{base_url}/alipay/gateway.do",
        "MINGSUAN_UNIONPAY_MERCHANT_ID": UNIONPAY_MERCHANT_ID,
        "MINGSUAN_UNIONPAY_PRIVATE_KEY_FILE": str(made.unionpay_shop.private_file),
        "MINGSUAN_UNIONPAY_CERT_ID": made.unionpay_cert_id,
        "MINGSUAN_UNIONPAY_PUBLIC_KEY_FILE": str(made.unionpay_gateway.public_file),
        "MINGSUAN_UNIONPAY_GATEWAY_URL": f"{base_url}/unionpay",
        "MINGSUAN_SMS_SENDER": "webhook",
        "MINGSUAN_SMS_WEBHOOK_URL": f"{base_url}/mailbox/sms",
        "MINGSUAN_SMS_WEBHOOK_KEY_FILE": str(folder / "sms_key"),
        "MINGSUAN_COURIER_CUSTOMER": courier.CUSTOMER,
        "MINGSUAN_COURIER_KEY_FILE": str(folder / "courier_key"),
        "MINGSUAN_COURIER_URL": f"{base_url}/courier",
        "MINGSUAN_IDENTITY_URL": f"{base_url}/identity",
        "MINGSUAN_IDENTITY_APP_ID": identity.APP_ID,
        "MINGSUAN_IDENTITY_KEY_FILE": str(made.folder / "identity_key"),
    }


def _pair(folder: Path, name: str) -> Pair:
    private_file, public_file = folder / f"{name}_private.pem", folder / f"{name}_public.pem"
    if private_file.exists():
        private = load_pem_private_key(private_file.read_bytes(), password=None)
        if not isinstance(private, RSAPrivateKey):
            raise ValueError(f"{private_file} is not an RSA key")
    else:
        private = generate_private_key(public_exponent=65537, key_size=2048)
        _write(private_file, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    if not public_file.exists():
        public_file.write_bytes(private.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return Pair(private, private_file, public_file)


def _write(path: Path, content: bytes) -> None:
    """Only its owner may read it; never half written."""
    draft = path.with_suffix(".draft")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    draft.replace(path)
