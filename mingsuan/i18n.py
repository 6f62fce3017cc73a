"""Texts that people see, in their language: gettext catalogues read from `locale/<language>/LC_MESSAGES/<domain>.po`.

Message ids are the English sentences themselves, so English is whole by construction and an `en` catalogue is needed
only where English differs from its ids. The .po files are read directly: nothing has to be compiled before a start.
Formatting of money, numbers and times does not belong here.
"""

from collections.abc import Callable
from functools import cache
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations

LANGUAGES = ("zh_CN", "en")
SOURCE_LANGUAGE = "en"
LOCALE_DIR = Path(__file__).parent / "locale"

Translator = Callable[[str], str]


def translator(language: str, domain: str) -> Translator:
    """gettext for a language ("zh_CN" or "en") and a domain ("shop", "dashboards"); unknown ids come back as they are.

    Raises ValueError for a language that the product does not speak.
    """
    return translations(language, domain).gettext


@cache
def translations(language: str, domain: str) -> NullTranslations:
    """The whole catalogue with plural forms, as template engines want it. Raises ValueError for another language."""
    if language not in LANGUAGES:
        raise ValueError(f"language {language!r} is not one of {', '.join(LANGUAGES)}")
    file = catalogue_file(language, domain)
    if not file.exists():
        return NullTranslations()
    compiled = BytesIO()
    write_mo(compiled, catalogue(file, language))
    compiled.seek(0)
    return Translations(compiled, domain=domain)


def catalogue_file(language: str, domain: str) -> Path:
    """Where the catalogue of a language and a domain is, or would be."""
    return LOCALE_DIR / language / "LC_MESSAGES" / f"{domain}.po"


def catalogue(file: Path, language: str) -> Catalog:
    """The messages of one .po file. Raises babel's PoFileError, naming file and line, when it is malformed."""
    with file.open("rb") as source:
        return read_po(source, locale=language, abort_invalid=True)
