"""The HMAC card supplier's signature against worked examples, and what it covers."""

import hashlib
import hmac

import pytest

from simulation.suppliers import hmac_card_words
from transactional.suppliers.protocols.hmac_card_signing import headers, signature, signed

SECRET = "test-secret-key-12345"
BODY = b'{"sku_id":1,"quantity":1}'
ORDERS = "/api/v1/upstream/orders"


def test_an_order_is_signed_as_openssl_signs_it() -> None:
    """printf 'POST\\n/api/v1/upstream/orders\\n1700000000\\n12967802faf6198d1cd99c4091391636' |
    openssl dgst -sha256 -hmac test-secret-key-12345, where the last line is `openssl md5` of the body."""
    made = signature(SECRET, "POST", ORDERS, 1_700_000_000, BODY)
    assert made == "cd9ecf572e4b5922ed32e015df072029a0a3e8a204b89f65b82dda94bda4c397"


def test_an_empty_body_counts_with_the_md5_of_nothing() -> None:
    """The same with GET, /api/v1/upstream/products and d41d8cd98f00b204e9800998ecf8427e."""
    made = signature(SECRET, "GET", "/api/v1/upstream/products", 1_700_000_000, b"")
    assert made == "9a214f1886e2977629a089b609fbfbb31bb708e5e85b9f52bb3862337d1ec2d8"


def test_the_hmac_is_the_one_of_rfc_2104_spelled_out() -> None:
    block = SECRET.encode().ljust(64, b"\0")
    inner, outer = bytes(byte ^ 0x36 for byte in block), bytes(byte ^ 0x5C for byte in block)
    text = f"POST\n{ORDERS}\n1700000000\n{hashlib.md5(BODY).hexdigest()}".encode()  # noqa: S324
    spelled = hashlib.sha256(outer + hashlib.sha256(inner + text).digest()).hexdigest()
    assert spelled == signature(SECRET, "POST", ORDERS, 1_700_000_000, BODY)
    assert hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest() == spelled


@pytest.mark.parametrize(
    ("secret", "method", "path", "timestamp", "body"),
    [
        ("test-secret-key-12346", "POST", ORDERS, 1_700_000_000, BODY),
        (SECRET, "GET", ORDERS, 1_700_000_000, BODY),
        (SECRET, "POST", f"{ORDERS}/1", 1_700_000_000, BODY),
        (SECRET, "POST", ORDERS, 1_700_000_001, BODY),
        (SECRET, "POST", ORDERS, 1_700_000_000, BODY + b" "),
    ],
)
def test_secret_method_path_time_and_body_are_all_covered(
    secret: str, method: str, path: str, timestamp: int, body: bytes
) -> None:
    told = signature(SECRET, "POST", ORDERS, 1_700_000_000, BODY)
    assert signed(SECRET, "POST", ORDERS, 1_700_000_000, BODY, told)
    assert signed(SECRET, "POST", ORDERS, 1_700_000_000, BODY, told.upper())
    assert not signed(secret, method, path, timestamp, body, told)


@pytest.mark.parametrize("told", ["", "0", "é" * 64, "cd9ecf57"])
def test_what_is_no_signature_is_not_one(told: str) -> None:
    assert not signed(SECRET, "POST", ORDERS, 1_700_000_000, BODY, told)


def test_the_simulated_supplier_signs_alike_though_it_was_written_apart() -> None:
    made = headers("ak", SECRET, "POST", ORDERS, 1_700_000_000, BODY)
    assert made == {
        "Dujiao-Next-Api-Key": "ak",
        "Dujiao-Next-Timestamp": "1700000000",
        "Dujiao-Next-Signature": hmac_card_words.signature(SECRET, "POST", ORDERS, "1700000000", BODY),
    }
