"""From a template and its values to HTML: one Jinja environment a language, and the few functions that templates call.

What a page shows is decided in the slices' `pages.py`, never here.
"""

from datetime import datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from babel.dates import get_timezone_name
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from mingsuan import clock
from mingsuan.i18n import translations

DOMAIN = "shop"
TEMPLATES = Path(__file__).parent / "templates"
STATIC = Path(__file__).parent / "static"


@cache
def environment(language: str) -> Environment:
    """Templates in one language ("zh_CN" or "en"); everything is escaped, an unknown name is an error."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.install_gettext_translations(translations(language, DOMAIN), newstyle=True)  # type: ignore[attr-defined]
    made.globals["static"] = static_address
    return made


@cache
def static_address(name: str) -> str:
    """Address of a static file that changes with its content, so that browsers may keep it for ever."""
    return f"/static/{name}?v={sha256((STATIC / name).read_bytes()).hexdigest()[:12]}"


def local(thing: object, field: str, language: str) -> str:
    """`<field>_zh` or `<field>_en` of a view; the other language when the wanted one is empty."""
    wanted, other = ("zh", "en") if language == "zh_CN" else ("en", "zh")
    return getattr(thing, f"{field}_{wanted}") or getattr(thing, f"{field}_{other}") or ""


def when(instant: datetime, zone: ZoneInfo, *, short: bool = False) -> Markup:
    """`2026-11-22 08:33` in the shop's zone, exact and machine-readable in its attribute."""
    there = instant.astimezone(zone)
    shown = there.strftime("%m-%d %H:%M" if short else "%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}">{}</time>').format(there.isoformat(timespec="seconds"), shown)


def zone_text(zone: ZoneInfo, language: str) -> str:
    """The zone's name for people, such as 中国标准时间."""
    return get_timezone_name(clock.now().astimezone(zone), locale=language)
