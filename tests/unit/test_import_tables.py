"""Files as people export them: encodings, delimiters, quoting, headers, and what a row means."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from listener.errors import ConfigError
from listener.imports.columns import map_columns
from listener.imports.parsing import parse_table
from listener.imports.rows import RowReader, read_row
from listener.imports.tables import BadRow, Row, layout_of, read_rows
from listener.items import MentionItem, MentionKind, Precision

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")
SIMPLIFIED = "内容,作者,时间\n青禾电饭煲煮饭夹生，客服说不管,老王,2026-11-20 10:00\n"
TRADITIONAL = "內容,作者,時間\n青禾電鍋煮飯不熟，客服說沒辦法處理,小陳,2026-11-20 10:00\n"


def write(tmp_path: Path, data: str | bytes, name: str = "f.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def rows_of(path: Path, **options) -> list[Row | BadRow]:
    return list(read_rows(path, layout_of(path, **options)))


def items_of(
    path: Path, zone: ZoneInfo = SHANGHAI, **overrides: str
) -> list[MentionItem | BadRow]:
    layout = layout_of(path)
    reader = RowReader(
        mapping=map_columns(layout.columns, overrides=overrides), zone=zone, collected_at=NOW
    )
    return [
        row if isinstance(row, BadRow) else read_row(row, reader)
        for row in read_rows(path, layout)
    ]


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8-sig"),
        (SIMPLIFIED, "utf-16", "utf-16"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "utf-8", "utf-8"),
        (TRADITIONAL, "big5", "big5hkscs"),
        (TRADITIONAL, "gb18030", "gb18030"),
    ],
)
def test_encoding_is_told_by_what_the_text_says(tmp_path, text, encoding, expected):
    layout = layout_of(write(tmp_path, text.encode(encoding)))
    assert layout.encoding.name == expected
    assert layout.columns == tuple(text.splitlines()[0].split(","))


def test_a_few_broken_bytes_do_not_make_a_file_another_encoding(tmp_path):
    body = SIMPLIFIED.encode() + ("青禾用着挺好的，推荐给大家\n" * 50).encode() + b"\xff\n"
    layout = layout_of(write(tmp_path, body))
    assert (layout.encoding.name, layout.encoding.is_scarred) == ("utf-8", True)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", "^"])
def test_delimiter_is_the_one_that_cuts_rows_alike(tmp_path, delimiter):
    lines = [["内容", "作者", "点赞"], ["好用, 就是贵; 值", "甲", "3"], ["一般", "乙", "4"]]
    text = "\r\n".join(delimiter.join(f'"{cell}"' for cell in line) for line in lines)
    path = write(tmp_path, text)
    assert layout_of(path).delimiter == delimiter
    assert [row.cells["点赞"] for row in rows_of(path)] == ["3", "4"]


def test_excel_hint_line_names_the_delimiter(tmp_path):
    path = write(tmp_path, "sep=;\r\n内容;作者\r\n好;甲\r\n")
    (row,) = rows_of(path)
    assert (row.cells, row.line) == ({"内容": "好", "作者": "甲"}, 3)


def test_quoted_newlines_belong_to_the_cell_and_lines_are_counted(tmp_path):
    path = write(tmp_path, '内容,作者\n"第一行\n第二行, ""引号""",甲\n\n , \n短,乙\n')
    first, second = rows_of(path)
    assert first.cells["内容"] == '第一行\n第二行, "引号"'
    assert (first.number, first.line, second.number, second.line) == (1, 2, 2, 6)


def test_row_with_too_many_cells_is_refused_and_the_rest_is_read(tmp_path):
    path = write(tmp_path, "内容,作者\n没有引号,的逗号,甲\n好,乙\n")
    bad, good = rows_of(path, delimiter=",")
    assert isinstance(bad, BadRow)
    assert "3 个单元格" in bad.reason
    assert bad.line == 2
    assert good.cells["作者"] == "乙"


def test_cell_that_never_ends_does_not_end_the_file(tmp_path):
    path = write(tmp_path, '内容,作者\n"' + "长" * 1_000_100 + "\n好,乙\n")
    bad = rows_of(path, delimiter=",")[0]
    assert isinstance(bad, BadRow)
    assert "引号" in bad.reason


def test_json_lines_are_read_one_by_one(tmp_path):
    text = '{"text":"好","user":{"name":"甲","id":9007199254740993}}\n\n[1]\n{"text":\n{"text":"坏"}\n'
    path = write(tmp_path, text, "f.jsonl")
    first, listed, broken, last = rows_of(path)
    assert first.cells == {"text": "好", "user.name": "甲", "user.id": 9007199254740993}
    assert isinstance(listed, BadRow)
    assert isinstance(broken, BadRow)
    assert (broken.line, last.line) == (4, 5)


def test_json_array_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match="每行一个对象"):
        layout_of(write(tmp_path, '[{"text":"a"}]', "f.json"))


def test_spreadsheet_file_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(ConfigError, match="另存为 CSV"):
        layout_of(write(tmp_path, b"PK\x03\x04\x14\x00", "f.xlsx"))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (
            "工单号,渠道,客户昵称,主题,反馈内容,满意度,提交时间",
            "id platform author title text rating time",
        ),
        ("Review ID,Title,Body,Stars,Date,Reviewer,URL", "id title text rating time author url"),
        ("评论内容,评论时间,用户昵称,点赞数,粉丝数", "text time author likes followers"),
        (
            "正文,发布时间,来源,评论数,转发数,作者(昵称)",
            "text time platform comments reposts author",
        ),
        ("內容,發布時間,暱稱,評分", "text time author rating"),
    ],
)
def test_well_known_headers_are_understood(header, expected):
    columns = map_columns(header.split(",")).columns
    assert sorted(columns) == sorted(expected.split())


def test_the_comment_count_is_not_taken_for_the_text():
    columns = map_columns(["评论数", "评论", "标题"]).columns
    assert (columns["text"], columns["comments"]) == ("评论", "评论数")


def test_overrides_win_and_free_the_column_they_leave():
    columns = map_columns(["内容", "备注", "日期"], overrides={"text": "备注", "time": ""}).columns
    assert columns == {"text": "备注"}


@pytest.mark.parametrize(
    ("overrides", "message"),
    [({"body": "内容"}, "没有这个字段"), ({"text": "没有"}, "没有这一列"), ({}, "哪一列是正文")],
)
def test_mapping_mistakes_name_what_there_is(overrides, message):
    with pytest.raises(ConfigError, match=message):
        map_columns(["甲", "乙"], overrides=overrides)


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        (["工单号", "内容"], MentionKind.TICKET),
        (["投诉内容", "时间"], MentionKind.COMPLAINT),
        (["内容", "评分"], MentionKind.REVIEW),
        (["评论内容"], MentionKind.COMMENT),
        (["正文"], MentionKind.POST),
    ],
)
def test_kind_follows_from_the_header(header, kind):
    assert map_columns(header).kind is kind


def test_excel_quirks_are_undone_and_formulas_stay_text(tmp_path):
    path = write(
        tmp_path,
        "编号,内容,时间\n=\"00123\",'=SUM(A1),46346.375\n'00124,=HYPERLINK(1),2026/11/20 9:05\n",
    )
    first, second = items_of(path)
    assert (first.source_id, first.text) == ("00123", "=SUM(A1)")
    assert first.posted_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert first.posted_precision is Precision.MINUTE
    assert (second.source_id, second.text) == ("00124", "=HYPERLINK(1)")


@pytest.mark.parametrize(
    ("row", "column", "value", "reason"),
    [
        ("2.02611E+11,好,,,", "编号", "2.02611E+11", "科学计数法"),
        ("1,好,那年夏天的下午,,", "时间", "那年夏天的下午", "认不出这个时间"),
        ("1,好,2026-12-24 10:00,,", "时间", "2026-12-24 10:00", "未来"),
        ("1,好,,十颗星,", "评分", "十颗星", "认不出这个评分"),
        ("1,好,,,很多", "点赞", "很多", "不是数量"),
        ("1,,,,", "内容", "", "没有正文"),
    ],
)
def test_refusal_names_column_value_and_reason(tmp_path, row, column, value, reason):
    (bad,) = items_of(write(tmp_path, f"编号,内容,时间,评分,点赞\n{row}\n"))
    assert isinstance(bad, BadRow)
    assert (bad.line, bad.column, bad.value) == (2, column, value)
    assert reason in bad.reason


def test_values_are_understood_as_people_write_them(tmp_path):
    text = '内容,星级,点赞,粉丝数,昵称,手机号,店铺\n不错,★★★☆☆,1.2万,"12,345",匿名用户,13800000000,旗舰店\n'
    (item,) = items_of(write(tmp_path, text))
    assert (item.rating, item.rating_max) == (3.0, 5.0)
    assert (item.likes, item.author_followers, item.author_name) == (12_000, 12_345, None)
    assert dict(item.extra) == {"店铺": "旗舰店"}


def test_times_without_a_zone_are_in_the_zone_asked_for(tmp_path):
    path = write(tmp_path, "text,time\nfine,2026-11-20 09:00:00\n")
    assert items_of(path)[0].posted_at == datetime(2026, 11, 20, 1, 0, tzinfo=UTC)
    assert items_of(path, zone=ZoneInfo("UTC"))[0].posted_at == datetime(
        2026, 11, 20, 9, tzinfo=UTC
    )


def test_rows_without_an_id_get_one_from_content_author_and_time(tmp_path):
    body = "内容,作者,时间\n好,甲,2026-11-20\n好,乙,2026-11-20\n好,甲,2026-11-20\n"
    first, other, again = items_of(write(tmp_path, body))
    assert first.source_id == again.source_id != other.source_id


def test_parse_prints_mentions_and_refusals(tmp_path):
    path = write(tmp_path, "内容,时间\n好,2026-11-20 09:00\n坏,某天\n")
    good, bad = parse_table("csv", path, NOW)
    assert (good["source"], good["posted_at"]) == ("csv", "2026-11-20T01:00:00+00:00")
    assert (bad["line"], bad["column"]) == (3, "时间")


@pytest.mark.parametrize(
    ("name", "text", "failure"),
    [
        ("a.csv", "", "empty"),
        ("a.csv", "内容,时间\n", "empty"),
        ("a.csv", "甲,乙\n1,2\n", "schema_drift"),
        ("a.jsonl", "\n\n", "empty"),
        ("a.jsonl", "not json\n", "bad_payload"),
    ],
)
def test_parse_names_what_a_file_lacks(tmp_path, name, text, failure):
    format_ = "jsonl" if name.endswith("jsonl") else "csv"
    (line,) = parse_table(format_, write(tmp_path, text, name), NOW)
    assert line["failure"] == failure


def test_recorded_exports_are_read(shared):
    folder = shared / "samples" / "own_channels"
    tickets = list(parse_table("csv", folder / "crm_export_utf8bom.csv", NOW))
    assert [one["kind"] for one in tickets] == ["ticket", "ticket"]
    assert all(one["posted_at"] and one["rating"] for one in tickets)
    reviews = list(parse_table("jsonl", folder / "reviews_export.jsonl", NOW))
    assert [one["source_id"] for one in reviews] == ["r-1", "r-2"]
    assert all(one["posted_at"] for one in reviews)
