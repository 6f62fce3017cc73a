"""Messages between shop and provider: as Standard Webhooks signs them, of now, and each for its own question."""

import base64
from datetime import UTC, datetime, timedelta

import pytest

from transactional.benefits import signing
from transactional.benefits.signing import RefusedMessageError

AT = datetime.fromtimestamp(1614265330, UTC)
SECRET, BODY = bytes(range(32)), b'{"type": "activation"}'


def test_headers_are_those_of_standard_webhooks() -> None:
    """The example of the specification's own libraries."""
    secret = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = signing.signed_headers(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", AT, b'{"test": 2432232314}')
    assert headers["webhook-timestamp"] == "1614265330"
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_an_answer_to_another_question_proves_nothing() -> None:
    headers = signing.signed_headers(SECRET, "q-1", AT, BODY)
    assert signing.opened(SECRET, headers, BODY, AT, expected_id="q-1").body == {"type": "activation"}
    with pytest.raises(RefusedMessageError, match="bad_signature"):
        signing.opened(SECRET, headers, BODY, AT, expected_id="q-2")


@pytest.mark.parametrize("away", [timedelta(seconds=-301), timedelta(seconds=301)])
def test_a_message_of_another_time_is_refused(away: timedelta) -> None:
    headers = signing.signed_headers(SECRET, "m-1", AT + away, BODY)
    with pytest.raises(RefusedMessageError, match="stale"):
        signing.opened(SECRET, headers, BODY, AT)
    signing.opened(SECRET, headers, BODY, AT + away)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b'"text"', b"[" * 60_000])
def test_what_cannot_be_read_is_refused_and_not_an_error(body: bytes) -> None:
    headers = signing.signed_headers(SECRET, "m-1", AT, body)
    with pytest.raises(RefusedMessageError, match="malformed"):
        signing.opened(SECRET, headers, body, AT)


@pytest.mark.parametrize("changed", ["webhook-id", "webhook-timestamp", "webhook-signature", "body", "secret"])
def test_any_change_breaks_the_proof(changed: str) -> None:
    headers = signing.signed_headers(SECRET, "m-1", AT, BODY)
    body, secret = BODY, SECRET
    if changed == "body":
        body = BODY + b" "
    elif changed == "secret":
        secret = bytes(32)
    else:
        headers[changed] = headers[changed].replace("1", "2")
    with pytest.raises(RefusedMessageError, match="bad_signature"):
        signing.opened(secret, headers, body, AT)


def test_a_secret_has_its_length() -> None:
    assert signing.secret_bytes(signing.secret_text(SECRET)) == SECRET
    for wrong in ("", "whsec_", "whsec_AAAA", "whsec_!!!"):
        with pytest.raises(ValueError, match="."):
            signing.secret_bytes(wrong)
