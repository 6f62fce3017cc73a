"""Whether a notification of WeChat Pay is authentic, and what it says. Makes no outgoing call.

The cheap checks come before the library, which asks the gateway for certificates when a serial is unknown to it and
takes a notice of any age.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cryptography.exceptions import InvalidSignature

from transactional.payments.gateways.interface import Notice, RefusedNoticeError
from transactional.payments.gateways.wechat_client import WechatClient
from transactional.payments.gateways.wechat_words import RefundSaid, TradeSaid, untrusted

LARGEST_BYTES = 64 * 1024


def authentic(client: WechatClient, headers: Mapping[str, str], body: bytes, now: datetime) -> Notice:
    """Raises RefusedNoticeError. `headers` have lower-case names."""
    problem = untrusted(headers, client.public_key_id, now)
    if problem is not None:
        raise RefusedNoticeError(*problem)
    if len(body) > LARGEST_BYTES:
        raise RefusedNoticeError("malformed", "larger than any notice")
    envelope = _opened(client, headers, body)
    resource = envelope["resource"]
    try:
        _check_merchant(client, resource)
        return _notice(envelope, resource)
    except ValueError as error:
        raise RefusedNoticeError("malformed", _first_line(error)) from error


def _opened(client: WechatClient, headers: Mapping[str, str], body: bytes) -> dict[str, Any]:
    """The envelope with its resource in the clear, the signature checked."""
    try:
        text = body.decode()
        if not client.verified(headers, text):
            raise RefusedNoticeError("bad_signature", "the signature does not match")
        envelope = client.opened(headers, text)
    except RefusedNoticeError:
        raise
    except InvalidSignature as error:
        raise RefusedNoticeError("bad_signature", "the signature does not match") from error
    except Exception as error:  # whatever the library raises while authenticating is a refusal
        raise RefusedNoticeError("malformed", f"{type(error).__name__} while opening") from error
    if not isinstance(envelope, dict) or not isinstance(envelope.get("resource"), dict):
        raise RefusedNoticeError("malformed", "cannot be decrypted")
    return envelope


def _check_merchant(client: WechatClient, resource: Mapping[str, Any]) -> None:
    if resource.get("mchid") != client.mchid or resource.get("appid", client.appid) != client.appid:
        raise RefusedNoticeError("wrong_merchant", "meant for another merchant or app")


def _notice(envelope: Mapping[str, Any], resource: Mapping[str, Any]) -> Notice:
    event, event_id = str(envelope.get("event_type", "")), str(envelope.get("id", ""))
    if not event_id:
        raise ValueError("no id")
    if event.startswith("TRANSACTION."):
        return Notice(event_id, trade=TradeSaid.model_validate_json(json.dumps(resource)).trade())
    if event.startswith("REFUND."):
        return Notice(event_id, refund=RefundSaid.model_validate_json(json.dumps(resource)).refund())
    raise ValueError("an event that the shop did not ask for")


def _first_line(error: ValueError) -> str:
    """Without the values that pydantic quotes."""
    return str(error).partition("\n")[0]
