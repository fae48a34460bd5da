from pathlib import Path

import pytest

from listener.config import load_secrets
from listener.config_file import load_config
from listener.errors import ConfigError
from tests.conftest import ROOT

GOOD = """
[[people]]
key = "lin"
name = "林岚"
roles = ["lead"]

[[brands]]
key = "b"
name = "品牌"
[brands.query]
any = ["品牌"]
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_the_committed_configuration_is_valid():
    assert load_config(ROOT / "config.toml").config.demo.enabled


@pytest.mark.parametrize(
    ("text", "line", "remedy"),
    [
        ("timezone = 'Mars/Olympus'", 1, "Asia/Shanghai"),
        (GOOD + "\n[crawl]\ndelays_s = 3\n", 14, "did you mean 'delay_s'?"),
        (GOOD + "\n[crawl]\ndelay_s = -1\n", 14, "greater than 0"),
        (GOOD.replace('any = ["品牌"]', 'anny = ["品牌"]'), 11, "did you mean 'any'?"),
        (GOOD.replace('roles = ["lead"]', 'roles = ["boss"]'), 5, "'lead'"),
        (
            GOOD + '\n[[people]]\nkey = "lin"\nname = "另"\nroles = ["officer"]\n',
            14,
            "stands twice",
        ),
        (GOOD.replace('name = "品牌"\n', ""), 7, "add 'name = …'"),
        ("a = [1, 2", 1, "not valid TOML"),
    ],
)
def test_a_mistake_is_refused_with_its_line_and_a_remedy(tmp_path, text, line, remedy):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, text)
    message = str(refused.value)
    assert remedy in message
    assert f"config.toml:{line}:" in message or "not valid TOML" in message


def test_a_known_fact_needs_a_value(tmp_path):
    text = GOOD + '\n[brands.facts.contact]\nsource = "x"\n'
    with pytest.raises(ConfigError, match="a known fact needs a value"):
        load(tmp_path, text)


def test_sources_of_the_bundled_site_need_the_demonstration(tmp_path):
    text = (
        GOOD
        + '\n[[sources]]\nkey="f"\nname="F"\nspider="feed"\nparameters={url="{demo_site}/x"}\n'
    )
    with pytest.raises(ConfigError, match="points at the bundled site"):
        load(tmp_path, text)


def test_a_secret_comes_from_a_file_and_is_never_shown(tmp_path):
    secret = tmp_path / "token"
    secret.write_text("123:ABC\n", encoding="utf-8")
    secrets = load_secrets({"FENGSHENG_TELEGRAM_TOKEN_FILE": str(secret)})
    assert secrets.telegram_token.get_secret_value() == "123:ABC"
    assert "ABC" not in repr(secrets)


def test_both_forms_of_a_secret_at_once_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="keep one of them"):
        load_secrets({"FENGSHENG_TELEGRAM_TOKEN": "x", "FENGSHENG_TELEGRAM_TOKEN_FILE": "y"})


def test_a_token_of_the_api_that_could_be_guessed_is_refused():
    with pytest.raises(ConfigError, match="openssl rand"):
        load_secrets({"FENGSHENG_API_TOKEN": "x" * 23})
    assert load_secrets({"FENGSHENG_API_TOKEN": "x" * 24}).api_token is not None
