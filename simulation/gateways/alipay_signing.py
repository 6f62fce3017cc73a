"""Alipay's side of RSA2: checks the shop's requests, signs answers and notices. Made apart from the shop's library."""

import base64
import binascii
import json
from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA256

from simulation.gateways.misbehaviour import AnswerFault


def content(parameters: Mapping[str, str], without: tuple[str, ...]) -> str:
    """Sorted k=v joined by &: requests leave out `sign` and what is empty, notices `sign_type` too."""
    return "&".join(f"{name}={parameters[name]}" for name in sorted(parameters) if name not in without)


def sign(text: str, key: RSAPrivateKey) -> str:
    return base64.b64encode(key.sign(text.encode(), PKCS1v15(), SHA256())).decode("ascii")


def is_signed_by(parameters: Mapping[str, str], key: RSAPublicKey) -> bool:
    """Whether a request is signed by the merchant."""
    filled = {name: value for name, value in parameters.items() if value}
    try:
        signature = base64.b64decode(filled.get("sign", ""), validate=True)
        key.verify(signature, content(filled, ("sign",)).encode(), PKCS1v15(), SHA256())
    except (InvalidSignature, binascii.Error, ValueError):
        return False
    return True


def signed_answer(api: str, told: Mapping[str, object], key: RSAPrivateKey, fault: AnswerFault | None = None) -> str:
    """The body of an answer. What is signed is its text as it stands, slashes escaped as Alipay's serialiser does."""
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")
    name = api.replace(".", "_") + "_response"
    if fault == "unsigned":
        return f'{{"{name}":{text}}}'
    signature = sign(text if fault != "bad_signature" else text + " ", key)
    return f'{{"{name}":{text},"sign":"{signature}"}}'
