"""Write a revision of the outbox's tables for what changed in the schema since the newest one.

`--first` writes the first one anew, which may be done until it's released. Look at what was written: which
state may follow which, and what PostgreSQL is told of a table, nobody but you knows.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from passback.store import migrations, schema

FOLDER = Path(migrations.__path__[0]) / "versions"
PREFIX = "columns."
HEAD = '''"""{title}"""

import sqlalchemy as sa
from alembic import op

from passback.store import columns
{imports}
revision = "{number:04}"
down_revision = {before}


def upgrade() -> None:
    """{title}"""
    {body}
'''
FIRST = """
    guard(op.get_bind())
    if op.get_bind().dialect.name == "postgresql":
        # Rows change often and briefly: a fifth of a large table is much to leave to a scan.
        for name in ("delivery", "lane", "result", "signal"):
            op.execute(f"ALTER TABLE {name} SET (autovacuum_vacuum_scale_factor = 0.01)")
"""


def main() -> None:
    """Write it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", help="what changes, as in kept_longer")
    parser.add_argument("--first", action="store_true", help="write the first revision anew")
    given = parser.parse_args()
    number = 1 if given.first else int(migrations.NEWEST) + 1
    path = FOLDER / f"{number:04}_{given.name}.py"
    title = given.name.replace("_", " ").capitalize() + "."
    with create_engine("sqlite://").begin() as db:
        if not given.first:
            migrations.upgrade(db)
        context = MigrationContext.configure(db, opts={"version_table": migrations.TABLE})
        operations = produce_migrations(context, schema.metadata).upgrade_ops
        if operations is None or operations.is_empty():
            sys.exit("the schema says what the revisions make; there is nothing to write")
        body = render_python_code(operations, user_module_prefix=PREFIX, migration_context=context)
    lines = [line for line in body.splitlines() if not line.strip().startswith("# ###")]
    text = HEAD.format(
        title=title,
        imports="from passback.store.following import guard\n" if given.first else "",
        number=number,
        before=None if given.first else f'"{number - 1:04}"',
        body="\n".join(lines).strip() + (FIRST if given.first else ""),
    )
    path.write_text(text, "utf-8")
    for tool in (["format", "--quiet"], ["check", "--quiet", "--fix"]):
        subprocess.run([sys.executable, "-m", "ruff", *tool, str(path)], check=True)
    print(f"{path}: now say NEWEST = '{number:04}' in migrations/__init__.py")


if __name__ == "__main__":
    main()
