"""The contract of every filter: lines in, one JSON line out for each, errors in their place."""

import io
import json
from collections.abc import Mapping, Sequence

import pytest

from listener.commands import filters
from listener.commands.filters import BROKEN_PIPE, BadLine, FilterRow, run_filter


def lengths(rows: Sequence[FilterRow]) -> list[Mapping[str, object]]:
    return [{"length": len(row.text)} for row in rows]


def answers(data: bytes, compute=lengths, **options) -> tuple[int, list[dict], str]:
    out, errors = io.BytesIO(), io.StringIO()
    status = run_filter(io.BytesIO(data), out, compute, errors=errors, **options)
    return status, [json.loads(line) for line in out.getvalue().splitlines()], errors.getvalue()


def test_plain_and_json_lines_are_answered_in_order():
    status, lines, said = answers('很好用\n{"text": "不好", "id": 7}\r\n'.encode())
    assert lines == [{"text": "很好用", "length": 3}, {"text": "不好", "id": 7, "length": 2}]
    assert (status, said) == (0, "")


def test_bom_is_dropped_and_blank_lines_are_skipped_but_counted():
    status, lines, _ = answers(b"\xef\xbb\xbf" + "甲\n\n \t\r\n　\n{\n".encode())
    assert status == 1
    assert lines[0] == {"text": "甲", "length": 1}
    assert lines[1].keys() == {"line", "error"}
    assert lines[1]["line"] == 5


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"{", "not JSON"),
        (b'{"text": 5}', "'text' must be a string (got 5)"),
        (b'{"text": null}', "must be a string"),
        (b'{"title": "x"}', "no 'text'"),
        (b"\xff\xfe", "not UTF-8"),
        (b'{"text": "\xff"}', "not JSON"),
        (b'{"text": "a", "x": NaN}', "not JSON"),
        (b'{"text": ' + b"[" * 100_000, "not JSON"),
    ],
)
def test_bad_line_errs_in_its_place_and_stops_nothing(line, said):
    status, lines, errors = answers(b"one\n" + line + b"\nthree\n")
    assert [one.get("length") for one in lines] == [3, None, 5]
    assert lines[1]["line"] == 2
    assert said in lines[1]["error"]
    assert errors.startswith("line 2: ")
    assert status == 1


def test_computed_key_wins_and_the_inputs_own_is_kept():
    _, lines, _ = answers(b'{"text": "abc", "length": "mine"}')
    assert lines == [{"text": "abc", "input_length": "mine", "length": 3}]


def test_keys_are_copied_unchanged():
    _, lines, _ = answers(b'{"id": 123456789012345678901234567890, "text": "a", "x": 1.10}')
    assert lines[0]["id"] == 123456789012345678901234567890


def test_half_an_emoji_is_replaced_not_refused():
    _, lines, _ = answers(b'{"text": "a\\ud83d", "id": 123456789012345678901234567890}')
    assert lines[0]["text"] == "a\ufffd"
    assert lines[0]["length"] == 2
    assert lines[0]["id"] == 123456789012345678901234567890


def test_line_that_makes_the_filter_raise_errs_alone():
    def refuse_b(rows: Sequence[FilterRow]) -> list[Mapping[str, object]]:
        if any(row.text == "b" for row in rows):
            raise ZeroDivisionError("b")
        return lengths(rows)

    status, lines, _ = answers(b"a\nb\nc\n", refuse_b)
    assert [one.get("length") for one in lines] == [1, None, 1]
    assert status == 1


def test_wrong_type_of_a_used_key_is_named():
    def titles(rows: Sequence[FilterRow]) -> list[Mapping[str, object]]:
        return [{"t": row.title, "r": row.rating, "a": row.author} for row in rows]

    _, lines, _ = answers(
        b'{"text": "a", "title": null, "rating": "4.5", "author": 12}\n'
        b'{"text": "a", "title": 3}\n{"text": "a", "rating": true}\n',
        titles,
    )
    assert lines[0] | {"text": 0} == {
        "text": 0, "title": None, "rating": "4.5", "author": 12, "t": None, "r": 4.5, "a": "12",
    }  # fmt: skip
    assert "'title' must be a string (got 3)" in lines[1]["error"]
    assert "'rating' must be a number (got True)" in lines[2]["error"]


def test_filter_may_answer_an_error_itself():
    _, lines, _ = answers(b"a\n", lambda _: [BadLine("column 3: unknown word")])
    assert lines == [{"line": 1, "error": "column 3: unknown word"}]


def test_batches_are_bounded():
    sizes: list[int] = []

    def count(rows: Sequence[FilterRow]) -> list[Mapping[str, object]]:
        sizes.append(len(rows))
        return lengths(rows)

    _, lines, _ = answers(b"x\n" * 1100, count, batch=512)
    assert len(lines) == 1100
    assert sizes == [512, 512, 76]


def test_overlong_line_errs_and_the_next_is_read(monkeypatch):
    monkeypatch.setattr(filters, "MAX_LINE_BYTES", 1000)
    monkeypatch.setattr(filters, "_CHUNK_BYTES", 64)
    status, lines, _ = answers(b"a" * 5000 + b"\nok\n" + b"b" * 1001)
    assert status == 1
    assert [one.get("length") for one in lines] == [None, 2, None]
    assert "longer than 1000 bytes" in lines[0]["error"]


def test_lines_split_by_chunks_are_joined(monkeypatch):
    monkeypatch.setattr(filters, "_CHUNK_BYTES", 1)
    _, lines, _ = answers('风声\n{"text": "好"}'.encode())
    assert [one["length"] for one in lines] == [2, 1]


def test_closed_pipe_is_quiet():
    class Closed(io.BytesIO):
        def write(self, data: object) -> int:
            raise BrokenPipeError

    assert run_filter(io.BytesIO(b"a\n"), Closed(), lengths) == BROKEN_PIPE
