"""Says by its exit code whether Trove's database has the newest schema of the installed Trove.

usage: schema_is_current.py /etc/trove/trove.conf
"""

import configparser
import importlib.util
import pathlib
import sys

import sqlalchemy


def newest_version():
    # Found without importing trove, which takes seconds.
    package = pathlib.Path(importlib.util.find_spec("trove").origin).parent
    scripts = package.glob("db/sqlalchemy/migrate_repo/versions/[0-9]*.py")
    return max(int(script.name.split("_")[0]) for script in scripts)


def present_version(connection):
    engine = sqlalchemy.create_engine(connection)
    with engine.connect() as database:
        return database.execute(sqlalchemy.text("SELECT MAX(version) FROM migrate_version")).scalar()


def main(path):
    settings = configparser.RawConfigParser(strict=False)
    settings.read(path)
    try:
        present = present_version(settings.get("database", "connection"))
    except sqlalchemy.exc.ProgrammingError:
        return "the database has no schema yet"
    newest = newest_version()
    return None if present == newest else f"the schema has version {present}, Trove wants {newest}"


sys.exit(main(sys.argv[1]))
