"""Second factors as arithmetic: codes of an authenticator (RFC 6238), spare codes. Who has which is not known here."""

import base64
import re
from datetime import datetime

import pyotp
import segno
from pyotp.exceptions import OTPVerificationError

ISSUER = "Mingsuan"
SPARE_CODES = 10
SPARE_BYTES = 10
"""80 bits: sixteen letters of base 32."""
STEPS_AROUND = 1
"""Clocks of telephones may be half a minute off (RFC 6238, 5.2)."""


def new_secret() -> str:
    """160 random bits in base 32, as authenticators take them."""
    return pyotp.random_base32()


def address(secret: str, email: str) -> str:
    """What the QR code says: otpauth://totp/…"""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)


def qr_code(content: str) -> str:
    """The QR code (ISO/IEC 18004) as SVG without styles, in the page's own ink."""
    return str(segno.make(content, error="m", micro=False).svg_inline(omitsize=True, svgclass="qr", lineclass="qr-ink"))


def matching_step(secret: str, code: str, at: datetime, after: int | None) -> int | None:
    """The time step whose code this is, when it is a fresh one: later than `after`, the last that was accepted."""
    digits = re.sub(r"\s", "", code)
    try:
        step = pyotp.TOTP(secret).verify_and_get_timecode(digits, for_time=at, valid_window=STEPS_AROUND)
    except OTPVerificationError:
        return None
    return step if after is None or step > after else None


def in_groups(content: bytes) -> str:
    """Bytes as a code that people can copy by hand: ABCD-EFGH-…"""
    letters = base64.b32encode(content).decode().rstrip("=")
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def plain(code: str) -> str:
    """A code as it is compared: without what people put between its letters."""
    return re.sub(r"[\s-]", "", code).upper()
