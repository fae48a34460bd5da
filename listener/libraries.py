"""Statement templates and playbooks of an installation: the bundled ones, and own ones."""

from pathlib import Path

from crisis.library import StatementLibrary
from crisis.playbooks import PlaybookLibrary
from listener.config_file import ConfigFile
from listener.errors import ConfigError
from listener.resources import bundled

STATEMENTS, PLAYBOOKS = "statements", "playbooks"


def own_templates(file: ConfigFile) -> Path | None:
    """Return the team's folder, or None. Raises ``ConfigError`` if it is named and not there."""
    named = file.config.templates_dir
    if named is None:
        return None
    folder = named if named.is_absolute() else file.path.resolve().parent / named
    if not folder.is_dir():
        raise ConfigError(
            f"{file.where('templates_dir')}: templates_dir '{named}' is not a folder; make it, "
            "or take the setting out"
        )
    return folder


def statement_library(file: ConfigFile) -> StatementLibrary:
    """Return the statement templates as this configuration sees them."""
    own = own_templates(file)
    return StatementLibrary(bundled("templates") / STATEMENTS, own and own / STATEMENTS)


def playbook_library(file: ConfigFile) -> PlaybookLibrary:
    """Return the playbooks as this configuration sees them."""
    own = own_templates(file)
    return PlaybookLibrary(bundled("templates") / PLAYBOOKS, own and own / PLAYBOOKS)
