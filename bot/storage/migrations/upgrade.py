"""The upgrade itself, by Alembic."""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from bot.errors import SchemaNewer


def migrations() -> Config:
    """Alembic's configuration; it needs no file."""
    config = Config()
    config.set_main_option("script_location", "bot.storage:migrations")
    return config


def upgrade(connection: Connection, to: str) -> None:
    """Take the steps up to a revision that are missing. Raises SchemaNewer."""
    config = migrations()
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    current = MigrationContext.configure(connection).get_current_heads()
    unknown = set(current) - known
    if unknown:
        raise SchemaNewer(f"the database's schema is {', '.join(sorted(unknown))}, which this program does not know")
    if to == "head" and set(current) == set(script.get_heads()):
        return
    config.attributes["connection"] = connection
    command.upgrade(config, to)
