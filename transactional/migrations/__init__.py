"""Bringing schema `shop` to the newest revision, as the role `shop_owner`."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine


def config(owner_url: str) -> Config:
    """Alembic's configuration for a libpq URL, without an ini file."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.attributes["url"] = owner_url
    return made


def migrate(owner_url: str) -> str:
    """Apply every missing revision in one transaction; returns the revision now in force."""
    made = config(owner_url)
    command.upgrade(made, "head")
    return ScriptDirectory.from_config(made).get_current_head() or ""


def current_revision(owner_url: str) -> str | None:
    """The revision that the database is at, None when it was never migrated."""
    engine = create_engine(owner_url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection, opts={"version_table_schema": "shop"}).get_current_revision()
    finally:
        engine.dispose()


def newest_revision() -> str:
    """The revision that this program was made for."""
    return ScriptDirectory(str(Path(__file__).parent)).get_current_head() or ""
