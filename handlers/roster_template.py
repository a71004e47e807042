"""The empty roster that people fill in: one sheet to fill, one that says how."""

from __future__ import annotations

from io import BytesIO

from db.tables import Stage, Title
from handlers.roster_file import HEADINGS, headings

NAME = "名册模板.xlsx"
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ROWS = 500
HOW = {
    "number": "必填。本单位的人员编号，每人唯一，作为识别依据",
    "name": "必填",
    "unit": "必填。系统中组织的全称",
    "stage": f"新增人员必填：{'、'.join(Stage)}",
    "posts": f"可不填；多个用分号隔开；在其他组织任职写“职务@组织”。可用：{'、'.join(Title)}",
    "phone": "11 位手机号。本人分享手机号绑定时用来核对",
    "identity": "18 位，可不填",
    "joined": "如 2012-07-01",
}


def template() -> bytes:
    """Return the workbook; its columns are text, so that no number loses its digits."""
    # Slow to import, and needed only here.
    from openpyxl import Workbook
    from openpyxl.styles import Font

    book = Workbook()
    sheet = book.active
    sheet.title = "名册"
    sheet.append(list(headings()))
    sheet.freeze_panes = "A2"
    for column in range(1, len(HEADINGS) + 1):
        sheet.cell(1, column).font = Font(bold=True)
        sheet.column_dimensions[sheet.cell(1, column).column_letter].width = 18
        for row in range(2, ROWS + 2):
            sheet.cell(row, column).number_format = "@"
    guide = book.create_sheet("填写说明")
    for field, words in HEADINGS.items():
        guide.append([words[0], HOW[field], f"也可写作：{'、'.join(words[1:])}"])
    out = BytesIO()
    book.save(out)
    return out.getvalue()
