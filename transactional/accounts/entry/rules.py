"""How much trying is allowed at the ways in, who waits behind whom, and what a browser is called. Pure.

Nobody is locked out: what strangers use up is theirs (addresses) or asks for a code (identifiers); devices that a
customer used before have allowances of their own.
"""

import re
from datetime import timedelta

from transactional.accounts.entry.rate_limits import Allowance

HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ADDRESS = Allowance("log_in_address", count=60, period=HOUR, burst=12)
"""Wrong tries from one address, against any account; a right one is given back."""
IDENTIFIER = Allowance("log_in_identifier", count=10, period=HOUR, burst=5)
"""Wrong passwords for one identifier from unknown devices; beyond, a new device comes in by a code."""
DEVICE = Allowance("log_in_device", count=30, period=HOUR, burst=10)
"""Wrong passwords from one known device; beyond, it counts as an unknown one."""
CODE_TRIES = Allowance("code_address", count=60, period=HOUR, burst=20)
"""Wrong codes from one address; a right one is given back."""
CODES_PER_HOUR = Allowance("codes_hour", count=5, period=HOUR, burst=5)
CODES_PER_DAY = Allowance("codes_day", count=12, period=DAY, burst=12)
"""Codes for one purpose and target: somebody pays for messages, and somebody reads them."""
CODES_PER_ADDRESS = Allowance("codes_address", count=20, period=HOUR, burst=10)
PASSWORD_CHANGES = Allowance("password_change", count=10, period=HOUR, burst=5)
"""Wrong old passwords given by one customer who is logged in."""
HOME = Allowance("home", count=1, period=DAY, burst=1)
"""Used up (remembered) while a customer's log-in from the address succeeded lately: strangers cannot use up the codes
that may be sent on its request."""
GOOD_FOR = timedelta(days=30)
GOOD_TRIES = 12
"""So often an address from which somebody came in lately waits before all others: a mistyped password, then a code."""
TRIES_COUNT_FOR = timedelta(minutes=10)
"""An address that was quiet for so long waits as one that never tried."""

WRONG_A_MINUTE = 100
"""So many wrong tries in a minute are an attack, which people are told of once an hour."""

BROWSERS = (
    ("MicroMessenger", "WeChat"),
    ("AlipayClient", "Alipay"),
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    ("HuaweiBrowser", "Huawei Browser"),
    ("MiuiBrowser", "Mi Browser"),
    ("UCBrowser", "UC Browser"),
    ("QQBrowser", "QQ Browser"),
    ("SamsungBrowser", "Samsung Internet"),
    (r"Firefox/|FxiOS", "Firefox"),
    (r"Chrome/|CriOS|Chromium/", "Chrome"),
    (r"Version/.*Safari/", "Safari"),
)
SYSTEMS = (
    ("HarmonyOS|OpenHarmony", "HarmonyOS"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS X|Macintosh", "Mac"),
    ("CrOS", "ChromeOS"),
    ("Linux|X11", "Linux"),
)


def rank(tries_of_address: int, *, is_known_device: bool, is_good_address: bool) -> int:
    """Who waits behind whom: 0 first. `tries_of_address` are those of late, this one among them."""
    if is_known_device:
        return 0
    if is_good_address and tries_of_address <= GOOD_TRIES:
        return 1
    return max(tries_of_address, 1) + 1


def device_name(user_agent: str) -> str:
    """Browser and system, such as "Chrome · Windows"; empty when neither is known. Versions are left out."""
    names = (_first(BROWSERS, user_agent), _first(SYSTEMS, user_agent))
    return " · ".join(name for name in names if name)


def _first(known: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, user_agent[:500])), "")
