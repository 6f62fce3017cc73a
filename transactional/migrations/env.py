"""Alembic's environment: one connection, one transaction, version table inside schema `shop`."""

from alembic import context
from sqlalchemy import create_engine, text

from transactional.models import METADATA


def _in_shop(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "schema" or name == "shop"


def _in_models(_object: object, name: str | None, kind: str, _reflected: bool, _to: object) -> bool:
    """The change log's indexes belong to the tables by rule (see `change_log.py`), not to the models."""
    return not (kind == "index" and str(name).endswith("_row_xid_idx"))


def _run() -> None:
    engine = create_engine(context.config.attributes["url"])
    with engine.connect() as connection:
        connection.execute(text("create schema if not exists shop"))
        connection.commit()
        context.configure(
            connection=connection,
            target_metadata=METADATA,
            include_schemas=True,
            include_name=_in_shop,
            include_object=_in_models,
            version_table_schema="shop",
            compare_server_default=False,
        )
        with context.begin_transaction():
            context.run_migrations()
    engine.dispose()


_run()
