import json
import logging
import sys

import pytest

from listener.logs import JsonFormatter, LineFormatter, Redactor, set_up_logging

TOKEN = "987654321:AAFakeFakeFakeFakeFakeFakeFakeFake12"


def record(message="source visited", *, error=None, **extra):
    exc_info = None
    if error is not None:
        try:
            raise error
        except type(error):
            exc_info = sys.exc_info()
    one = logging.LogRecord("listener.x", logging.WARNING, "x.py", 1, message, None, exc_info)
    vars(one).update(extra)
    return one


@pytest.mark.parametrize("formatter", [JsonFormatter(), LineFormatter()])
@pytest.mark.parametrize(
    "broken", ["a\nlevel=error", "a\r\nb", "a\u2028b", "a\x1b[31mred", "a\x85b", "a\u202eb"]
)
def test_an_event_is_one_line_whatever_was_logged(formatter, broken):
    line = formatter.format(record(broken, detail=broken, error=ValueError(broken)))
    assert len(line.splitlines()) == 1
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in line)
    assert "\u202e" not in line


def test_a_json_line_carries_time_level_logger_message_and_data():
    line = json.loads(JsonFormatter().format(record(items=3, source="forum", level="fake")))
    assert line["message"] == "source visited"
    assert (line["level"], line["logger"]) == ("WARNING", "listener.x")
    assert (line["items"], line["source"]) == (3, "forum")
    assert line["at"].endswith("+00:00")


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("cannot reach socks5://lin:hunter2secret@10.1.2.3:1080", "hunter2secret"),
        ("postgresql+psycopg://fengsheng:p%40ss-w0rd@db/fengsheng", "p%40ss-w0rd"),
        (f"POST https://api.telegram.org/bot{TOKEN}/getMe", TOKEN),
        (f"token {TOKEN} refused", TOKEN),
        ("GET https://feeds.example/a?key=abc123def&page=2", "abc123def"),
        ("GET https://feeds.example/a?access_token=abc123def", "abc123def"),
        ("Authorization: Bearer abcdef.ghi-jkl", "abcdef.ghi-jkl"),
    ],
)
def test_what_looks_like_a_secret_is_hidden_everywhere(text, secret):
    one = record(text, detail=text, nested={"a": [text]}, error=RuntimeError(text))
    for formatter in (JsonFormatter(), LineFormatter()):
        assert secret not in formatter.format(one)
    assert "page=2" in Redactor().clean("https://feeds.example/a?key=abc123def&page=2")


def test_known_secrets_are_hidden_in_every_form():
    redactor = Redactor(["plain-secret", "http://user:pa%2Fss%20word@proxy:3128"])
    text = "plain-secret pa/ss word pa%2Fss%20word http://user:pa%2Fss%20word@proxy:3128"
    cleaned = redactor.clean(text)
    assert "secret" not in cleaned
    assert "word" not in cleaned


@pytest.mark.parametrize(
    "hostile", ["a-" * 50_000, "a." * 50_000, "http://" * 10_000, "1" * 99_999]
)
def test_hostile_text_does_not_make_redacting_slow(hostile):
    assert Redactor(["plain-secret"]).clean(hostile) == hostile


def test_a_short_value_does_not_blacken_other_words():
    assert Redactor(["ab"]).clean("about") == "about"


@pytest.fixture
def own_root():
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    root.handlers = []
    yield
    for handler in root.handlers:
        handler.close()
    root.handlers, root.level = before, level


def test_json_on_standard_error_shows_every_event(own_root, capsys):
    set_up_logging("INFO", None, shown_as="json", hidden=["s3cret-value"])
    logging.getLogger("listener.x").info("started", extra={"why": "s3cret-value"})
    line = json.loads(capsys.readouterr().err)
    assert (line["level"], line["why"]) == ("INFO", "***")


def test_text_on_standard_error_shows_warnings_and_the_file_everything(own_root, capsys, tmp_path):
    file = tmp_path / "log" / "fengsheng.log"
    set_up_logging("INFO", file)
    logger = logging.getLogger("listener.x")
    logger.info("quiet")
    logger.warning("loud", extra={"source": "forum"})
    assert capsys.readouterr().err == "warning: loud source=forum\n"
    lines = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line["message"] for line in lines] == ["quiet", "loud"]
