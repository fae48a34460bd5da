"""Writes ``config.toml`` from the answers, commented like the committed one."""

import re
import shutil
from pathlib import Path

from listener.config import Config, Person, Product, Source
from listener.config_file import load_config
from listener.errors import ConfigError
from listener.setup.answers import Answers
from listener.setup.toml import toml_key, toml_value, write_atomically

_HEAD = """\
# Fengsheng's configuration, written by 'fengsheng init'. Edit it freely; 'fengsheng doctor'
# checks it.
# Secrets never stand here. FENGSHENG_TELEGRAM_TOKEN (or …_TOKEN_FILE) holds the bot's token.
"""
_PEOPLE = """\
# Who may act. telegram_id is the numeric id; user names mean nothing here.
# Roles: officer, lead (approves), legal, business, executive, admin (configures), reader.
"""
_FACTS = """\
# Facts that hold for every statement, with who vouches for them. A fact with state = "unknown"
# makes the first statement say that it is being checked, until somebody states it.
"""
_MODE = 0o644


def brand_key(answers: Answers) -> str:
    """Return the short name of the brand: the one given, or one made of its Latin letters."""
    if answers.brand.key:
        return answers.brand.key
    names = [answers.brand.name, *answers.brand.aliases]
    for name in names:
        key = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")[:40]
        if key:
            return key
    return "brand"


def config_text(answers: Answers) -> str:
    """Return the whole file."""
    parts = [_HEAD, _general(answers), _chat(answers), _crawl(answers)]
    parts.append(_PEOPLE + "\n".join(_person(person) for person in answers.people))
    parts.append(_brand(answers))
    parts.append("\n".join(source_text(source) for source in answers.sources))
    return "\n".join(part.rstrip() + "\n" for part in parts if part.strip())


def _general(answers: Answers) -> str:
    return f"""\
language = {toml_value(answers.language)}    # of chat messages and statements: zh-CN, zh-TW, en
timezone = {toml_value(answers.timezone)}    # of every time shown, and of the daily rhythm
data_dir = "var"    # database, charts, keys and log, relative to this file
"""


def _chat(answers: Answers) -> str:
    relay = answers.telegram_base_url
    base = (
        f"base_url = {toml_value(relay)}"
        if relay
        else '# base_url = "https://api.telegram.org/bot"   # or your own Bot API server'
    )
    return f"""\
[telegram]
chat_id = {answers.chat_id}    # numeric id of your group, e.g. -1001234567890; 0 means no chat
{base}
"""


def _crawl(answers: Answers) -> str:
    contact = answers.contact or "https://example.org/fengsheng"
    networks = (
        f"allow_networks = {toml_value(answers.allow_networks)}    # private ones, reached too\n"
        if answers.allow_networks
        else ""
    )
    return f"""\
[crawl]
contact = {toml_value(contact)}    # so that a site can reach you; put yours here
delay_s = 1.0    # least seconds between two requests to one host
{networks}
[detection]
sensitivity = "normal"    # low, normal or high; 'fengsheng doctor' says what each would raise
"""


def _person(person: Person) -> str:
    lines = [
        "[[people]]",
        f"key = {toml_value(person.key)}",
        f"name = {toml_value(person.name)}",
        f"roles = {toml_value([role.value for role in person.roles])}",
    ]
    number = person.telegram_id
    lines.append(f"telegram_id = {number}" if number else "# telegram_id = 100000001")
    return "\n".join(lines) + "\n"


def _brand(answers: Answers) -> str:
    brand = answers.brand
    aliases = list(dict.fromkeys(one for one in brand.aliases if one != brand.name))
    contact = toml_value(brand.contact) if brand.contact else None
    facts = [f"[brands.facts.company]\nvalue = {toml_value(brand.name)}\n"]
    if contact:
        facts.append(f"[brands.facts.contact]\nvalue = {contact}\n")
    facts += [f'[brands.facts.{name}]\nstate = "unknown"\n' for name in ("scope", "data_safety")]
    return (
        f"[[brands]]\nkey = {toml_value(brand_key(answers))}\nname = {toml_value(brand.name)}\n"
        f"names = {toml_value([brand.name])}\n"
        f"aliases = {toml_value(aliases)}    # each alone means the brand\n"
        f"context = {toml_value(brand.context)}    # one of these must be there, too\n"
        f"traps = {toml_value(brand.excluded)}    # words that make the name something else\n\n"
        + "".join(_product(product) + "\n" for product in brand.products)
        + _FACTS
        + "\n".join(facts)
    )


def _product(product: Product) -> str:
    terms = toml_value(list(product.terms))
    return f"[[brands.products]]\nname = {toml_value(product.name)}\nterms = {terms}\n"


def source_text(source: Source) -> str:
    """Return a source as it stands in the file."""
    lines = ["[[sources]]", f"key = {toml_value(source.key)}"]
    if source.brand:
        lines.append(f"brand = {toml_value(source.brand)}    # every text here means the brand")
    lines += [
        f"name = {toml_value(source.name)}",
        f"spider = {toml_value(source.spider)}",
        f"group = {toml_value(source.group)}",
        f"interval_s = {source.interval_s}",
    ]
    if not source.enabled:
        lines.append("enabled = false    # true lets the service visit it")
    if source.delay_s is not None:
        lines.append(f"delay_s = {source.delay_s}")
    pairs = [f"{toml_key(k)} = {toml_value(v)}" for k, v in source.parameters.items()]
    lines.append(f"parameters = {{ {', '.join(pairs)} }}" if pairs else "parameters = {}")
    return "\n".join(lines) + "\n"


def write_config(path: Path, answers: Answers) -> Path | None:
    """Write the file; an existing one is kept beside it. Return where, or None if there was none.

    Raises ``ConfigError`` before touching anything when the result would not be accepted.
    """
    text = config_text(answers)
    trial = path.with_name(f".{path.name}.trial")
    try:
        write_atomically(trial, text)
        load_config(trial)
    except ConfigError as error:
        raise ConfigError(str(error).replace(str(trial), str(path))) from None
    except OSError as error:
        raise ConfigError(f"无法写入 '{path}'（{error.strerror}）；请换一个可写的文件夹") from None
    finally:
        trial.unlink(missing_ok=True)
    kept = keep_copy(path) if path.exists() else None
    write_atomically(path, text, mode=_MODE)
    return kept


def keep_copy(path: Path) -> Path:
    """Copy a file aside, never over an older copy; return where."""
    number = 1
    target = path.with_name(f"{path.name}.bak")
    while target.exists():
        number += 1
        target = path.with_name(f"{path.name}.bak{number}")
    shutil.copy2(path, target)
    return target


def configured_demo(path: Path) -> bool:
    """Say whether the file there only plays the bundled demonstration."""
    try:
        config: Config = load_config(path).config
    except ConfigError:
        return False
    return config.demo.enabled
