"""Whatever people call a roster is read, or refused with the row and the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from io import BytesIO
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import Workbook

from db.roster import RosterRow
from db.tables import Stage, Title
from handlers import roster_file, roster_template
from handlers.roster_file import read
from knowledge.documents import DocumentError, grid
from tests.handlers.sheets import HEAD, book, csv, saved

GOOD = (
    "A1", "张三", "第一支部", "正式党员", "组织委员；党小组长@第一小组", "138 0000 1234",
    "11010519491231002x", "2012-07-01",
)  # fmt: skip
ROW = RosterRow(
    2,
    "A1",
    "张三",
    "第一支部",
    Stage.MEMBER,
    ((Title.ORGANISATION, ""), (Title.GROUP_LEADER, "第一小组")),
    "13800001234",
    "11010519491231002X",
    date(2012, 7, 1),
)


def changed(**fields: Any) -> list[Any]:
    """Return the good row with some cells changed, by heading."""
    return [fields.get(word, cell) for word, cell in zip(HEAD, GOOD, strict=True)]


def faults(data: bytes, name: str = "名册.xlsx") -> list[tuple[int, str]]:
    return [(fault.line, fault.reason) for fault in read(name, data).faults]


def test_a_workbook_is_read() -> None:
    assert read("名册.xlsx", book(GOOD)) == roster_file.RosterFile((ROW,), ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_csv_file_is_read_in_every_encoding_of_an_office(encoding: str) -> None:
    assert read("名册.csv", csv(GOOD).encode(encoding)).rows == (ROW,)


@pytest.mark.parametrize("delimiter", ["\t", ";"])
def test_other_delimiters_are_found(delimiter: str) -> None:
    text = csv(GOOD).replace("；", "、").replace(",", delimiter)
    assert read("名册.csv", text.encode()).rows == (ROW,)


def test_line_breaks_within_a_cell_do_not_shift_the_row_numbers() -> None:
    text = csv(changed(姓名='"张\n三"'), changed(工号="A2", 手机="123"))
    assert faults(text.encode(), "名册.csv") == [(3, "手机：手机号应为 11 位，以 13 至 19 开头")]


def test_headings_have_aliases_remarks_and_a_title_above() -> None:
    head = ["工号*", "姓 名", "所在党支部", "政治面貌", "党内职务", "手机号码", "公民身份号码",
            "入党时间(年月日)", "备注"]  # fmt: skip
    cells = [*changed(身份="中共党员"), "无"]
    made = Workbook()
    sheet = made.active
    for row in (["第一支部党员名册"], [], head, cells):
        sheet.append(row)
    sheet.merge_cells("A1:I1")
    file = read("名册.xlsx", saved(made))
    assert [row.line for row in file.rows] == [4]
    assert file.ignored == ("备注",)
    assert file.faults == ()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"工号": None}, "工号：是空的"),
        ({"工号": "=1+1"}, "工号：是公式，请粘贴为数值"),
        ({"工号": "#12"}, "工号：只能用文字、数字、连字符、点和斜线，不超过 32 个字符"),
        ({"姓名": "张\u202e三"}, "姓名：姓名里有看不见的字符，请重新输入"),
        ({"单位": " "}, "单位：是空的"),
        ({"手机": "12345"}, "手机：手机号应为 11 位，以 13 至 19 开头"),
        ({"手机": 1.38e10 + 0.5}, "手机：手机号应为 11 位，以 13 至 19 开头"),
        ({"身份证号": "110105491231002"}, "身份证号：15 位的旧身份证号已停用，请填 18 位"),
        ({"身份证号": "110105194912310021"}, "身份证号：身份证号的校验位不对，请核对"),
        ({"身份证号": 110105194912310021}, "身份证号：单元格是数字格式，末几位已经丢失"),
        ({"入党日期": "2027-02-29"}, "入党日期：没有这一天，请核对日期"),
        ({"入党日期": 41091}, "入党日期：日期是一个数字，不能确定是哪一天，请写成 2024-07-01"),
        ({"入党日期": "1899-12-31"}, "入党日期：日期太早或太晚，请核对"),
        ({"入党日期": date(9999, 12, 31)}, "入党日期：日期太早或太晚，请核对"),
        ({"入党日期": datetime(2012, 7, 1, 8, 30)}, "入党日期：看不懂这个日期，请写成 2024-07-01"),
        ({"入党日期": "#N/A"}, "入党日期：单元格里是错误值"),
        ({"职务": "皇帝"}, "职务：没有“皇帝”这个职务"),
        ({"身份": "团员"}, "身份：应为"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_row_and_column(cells: dict[str, Any], reason: str) -> None:
    good = changed(工号="A9")
    [(line, said)] = faults(book(good, [], changed(**cells)))
    assert line == 4
    assert said.startswith(reason)


def test_all_faults_of_a_row_are_told_together() -> None:
    assert len(faults(book(changed(手机="1", 身份证号="2", 入党日期="3")))) == 3


@pytest.mark.parametrize(
    "day", [date(2012, 7, 1), datetime(2012, 7, 1), 20120701, "２０１２／７／１"]
)
def test_a_date_that_can_be_one_day_only_is_read(day: object) -> None:
    assert read("名册.xlsx", book(changed(入党日期=day))).rows == (ROW,)


@pytest.mark.parametrize("epoch", ["CALENDAR_WINDOWS_1900", "CALENDAR_MAC_1904"])
def test_a_date_is_read_by_the_epoch_of_its_file(epoch: str) -> None:
    from openpyxl.utils import datetime as epochs

    made = Workbook()
    made.epoch = getattr(epochs, epoch)
    for row in (HEAD, changed(入党日期=date(2012, 7, 1))):
        made.active.append(list(row))
    assert read("名册.xlsx", saved(made)).rows[0].joined_on == date(2012, 7, 1)


def test_numbers_typed_as_numbers_are_read() -> None:
    [row] = read("名册.xlsx", book(changed(工号=1001, 手机=13800001234))).rows
    assert (row.number, row.phone) == ("1001", "13800001234")


def test_empty_cells_are_empty_and_not_wrong() -> None:
    rows = read("名册.xlsx", book(["A1", "张三", "第一支部"])).rows
    assert rows == (RosterRow(2, "A1", "张三", "第一支部"),)


def test_merged_cells_among_the_rows_are_refused_by_row() -> None:
    found = faults(book(GOOD, changed(工号="A2"), merge="C2:C3"))
    assert found[0] == (2, "有合并单元格，请取消合并并逐行填写")


def test_a_second_sheet_may_be_there_but_not_a_second_roster() -> None:
    made = Workbook()
    for row in (HEAD, GOOD):
        made.active.append(list(row))
    made.create_sheet("说明").append(["随便写"])
    hidden = made.create_sheet("旧名册")
    hidden.append(list(HEAD))
    hidden.sheet_state = "hidden"
    assert read("名册.xlsx", saved(made)).rows == (ROW,)
    made.create_sheet("再来").append(list(HEAD))
    with pytest.raises(DocumentError, match="再来"):
        read("名册.xlsx", saved(made))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("名册.xlsx", book(head=())),
        ("名册.xlsx", book()),
        ("名册.xlsx", book(GOOD, head=[*HEAD[:7], "手机号"])),
        ("名册.xlsx", b"PK\x03\x04 not a zip"),
        ("名册.xlsx", csv(GOOD).encode()),
        ("名册.csv", book(GOOD)),
        ("名册.csv", b""),
        ("名册.csv", b"\xff\xfe\x00"),
        ("名册.csv", ('"' + "x" * 200_000 + '"').encode()),
        ("名册.txt", csv(GOOD).encode()),
    ],
)
def test_what_is_no_roster_is_refused(name: str, data: bytes) -> None:
    with pytest.raises(DocumentError):
        read(name, data)


def test_rows_are_bounded() -> None:
    rows = [f"A{n},张三,第一支部" for n in range(grid.MAX_ROWS)]
    full = "\n".join(["工号,姓名,单位", *rows])
    assert len(read("名册.csv", full.encode()).rows) == grid.MAX_ROWS
    with pytest.raises(DocumentError, match="20000"):
        read("名册.csv", f"{full}\nB1,张三,第一支部".encode())


def test_empty_rows_are_bounded() -> None:
    blank = "\n" * (grid.MAX_LINES + 1)
    with pytest.raises(DocumentError, match="空行"):
        read("名册.csv", f"工号,姓名,单位\nA1,张三,第一支部{blank}A2,李四,第一支部".encode())
    with pytest.raises(DocumentError, match="空行"):
        read("名册.xlsx", distant_row())


def test_a_workbook_with_entities_or_too_much_in_it_is_refused() -> None:
    bomb = repacked(lambda xml: xml + b" " * (50 * 1024 * 1024))
    entity = repacked(lambda xml: b'<!DOCTYPE x [<!ENTITY a "b">]>' + xml.partition(b"?>")[2])
    for data, reason in ((bomb, "压缩炸弹"), (entity, "实体")):
        with pytest.raises(DocumentError, match=reason):
            read("名册.xlsx", data)


def test_the_template_is_a_roster_once_it_is_filled() -> None:
    from openpyxl import load_workbook

    made = load_workbook(BytesIO(roster_template.template()))
    sheet = made["名册"]
    assert tuple(cell.value for cell in sheet[1]) == HEAD
    for column, value in enumerate(GOOD, 1):
        sheet.cell(2, column).value = value
    assert read("名册模板.xlsx", saved(made)).rows == (ROW,)


@given(st.lists(st.lists(st.text(max_size=12), max_size=9), max_size=6))
def test_any_cells_give_rows_or_faults_by_line(rows: Sequence[Sequence[str]]) -> None:
    cells = [[value.replace('"', '""') for value in row] for row in rows]
    text = "\n".join(",".join(f'"{value}"' for value in row) for row in [HEAD, *cells])
    try:
        file = read("名册.csv", text.encode("utf-8", "replace"))
    except DocumentError:
        return
    assert all(line >= 2 for line in [r.line for r in file.rows] + [f.line for f in file.faults])
    assert all(row.number and row.name and row.unit for row in file.rows)


def distant_row() -> bytes:
    made = Workbook()
    for row in (HEAD, GOOD):
        made.active.append(list(row))
    made.active.cell(1_000_000, 1).value = "A2"
    return saved(made)


def repacked(change: Any) -> bytes:
    """Return a good workbook whose sheet was changed by hand."""
    out = BytesIO()
    with ZipFile(BytesIO(book(GOOD))) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if "sheet1" in name else data)
    return out.getvalue()
