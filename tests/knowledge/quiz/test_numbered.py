"""Papers: numbered questions, lettered options, answers beside, inside or below."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.tables import QuestionKind
from knowledge.documents import DocumentError
from knowledge.quiz.layouts import Reading, read
from tests.knowledge.quiz.make import JUDGE, MULTIPLE, SINGLE
from tests.knowledge.quiz.writers import docx, paper


def shown(reading: Reading) -> list[tuple[str, str, int]]:
    return [(q.kind.value, q.answer, len(q.options)) for q in reading.questions]


def text(words: str) -> Reading:
    return read("题.txt", words.encode())


ONE = [("single", "B", 4)]
STEM = "预备党员的预备期为多久"


@pytest.mark.parametrize(
    "words",
    [
        f"1. {STEM}？\nA. 半年\nB. 一年\nC. 二年\nD. 三年\n答案：B",
        f"1、{STEM}？\nA、半年\nB、一年\nC、二年\nD、三年\n正确答案：B",
        f"（1）{STEM}（  ）\nA．半年 B．一年 C．二年 D．三年\n【答案】B",
        f"1．{STEM}（ B ）\nA 半年\nB 一年\nC 二年\nD 三年",
        f"1. {STEM}（B）。A.半年 B.一年 C.二年 D.三年",
        f"第1题 {STEM}？\n(A) 半年 (B) 一年\n(C) 二年 (D) 三年\n答：B",
        f"1）{STEM}？\nA：半年；B：一年；C：二年；D：三年\n参考答案: b",
        f"1 {STEM}？\nＡ．半年\nＢ．一年\nＣ．二年\nＤ．三年\n答案 ：Ｂ",
        f"一、单选题（每题2分）\n1. {STEM}？（2分）\nA.半年\nB.一年\nC.二年\nD.三年\n答案\nB.一年",
        f"1. 【单选】{STEM}？\nA半年\nB一年\nC二年\nD三年\n答案：一年",
        f"1. {STEM}？\nA.半年\nB.一年\nC.二年\nD.三年\n参考答案\n1. B",
        f"1. {STEM}？（答案：B）\nA.半年\nB.一年\nC.二年\nD.三年",
    ],
)
def test_one_question_is_read_however_it_is_written(words: str) -> None:
    reading = text(words)
    assert (reading.faults, shown(reading)) == ((), ONE)
    [question] = reading.questions
    assert question.options == ("半年", "一年", "二年", "三年")
    assert question.stem.startswith(STEM)
    assert "B" not in question.stem


PAPER = """党务知识测试题
一、单项选择题（共 2 题）
1. 党支部委员会每届任期几年？
A. 二年  B. 三年  C. 四年  D. 五年
2. 支部党员大会一般多久召开一次？
A. 每月
B. 每季度
C. 每半年
D. 每年
二、多项选择题
1. 下列属于“三会一课”的有哪些？
A. 支部党员大会 B. 支部委员会会议
C. 党课 D. 民主生活会
三、判断题
1. 党费一般按月交纳。
2. 预备党员有选举权。
参考答案
一、单项选择题
1-2 BB
二、多项选择题
1. ABC
三、判断题
1. √ 2. ×
"""


def test_answers_below_go_to_their_parts() -> None:
    reading = text(PAPER)
    assert reading.faults == ()
    assert shown(reading) == [
        ("single", "B", 4),
        ("single", "B", 4),
        ("multiple", "ABC", 4),
        ("judge", "对", 2),
        ("judge", "错", 2),
    ]


@pytest.mark.parametrize(
    "keys", ["1-5 ABCDA", "1—5：ABCDA", "1.A 2.B 3.C 4.D 5.A", "1~5 A B C D A"]
)
def test_listed_answers_are_told_apart(keys: str) -> None:
    questions = "\n".join(f"{n}. 第{n}问是什么？\nA.甲{n}\nB.乙\nC.丙\nD.丁" for n in range(1, 6))
    reading = text(f"{questions}\n{keys}\n")
    assert (reading.faults, [q.answer for q in reading.questions]) == ((), list("ABCDA"))


def test_several_letters_a_question_may_be_listed() -> None:
    questions = "\n".join(f"{n}. 第{n}问有哪些？\nA.甲{n}\nB.乙\nC.丙" for n in range(1, 4))
    reading = text(f"一、多选题\n{questions}\n答案\n1-3 AB ABC BC")
    assert [q.answer for q in reading.questions] == ["AB", "ABC", "BC"]


def test_listed_answers_may_be_explained() -> None:
    words = (
        "1. 党费多久交一次？\nA.每月\nB.每年\n"
        "答案与解析\n1.【答案】A 解析：按月交纳。\n遇特殊情况可每季度。"
    )
    [question] = text(words).questions
    assert question.explanation == "按月交纳。\n遇特殊情况可每季度。"


def test_each_chapter_may_have_its_own_list_of_answers() -> None:
    part = "1. {0}的第一问？\nA.甲\nB.乙\n2. {0}的第二问？\nA.甲\nB.乙\n"
    first, second = part.format("党章"), part.format("党费")
    reading = text(f"第一章 党章\n{first}答案：\n1.A 2.B\n第二章 党费\n{second}答案：\n1.B 2.A\n")
    assert reading.faults == ()
    assert [(q.topic, q.answer) for q in reading.questions] == [
        ("党章", "A"),
        ("党章", "B"),
        ("党费", "B"),
        ("党费", "A"),
    ]


def test_what_belongs_to_a_question_is_taken_with_it() -> None:
    words = (
        f"1. {STEM}？\nA. 半年\nB. 一年\n答案：B 解析：预备期为一年。\n从支部大会通过之日算起。\n"
        "依据：《中国共产党章程》第七条\n难度：难\n知识点：党员"
    )
    [question] = text(words).questions
    assert question.explanation == "预备期为一年。\n从支部大会通过之日算起。"
    assert (question.regulation, question.article) == ("《中国共产党章程》", "第七条")
    assert (question.difficulty, question.topic) == (3, "党员")


@pytest.mark.parametrize(
    "answer",
    [
        "答案：B解析：预备期为一年。",
        "答案：B。解析：预备期为一年。",
        "【答案】B【解析】预备期为一年。",
        "我的答案：A 正确答案：B 得分：0\n答案解析：预备期为一年。",
        "正确答案：B\n分值：2\n难度系数：0.5\n解析：预备期为一年。",
    ],
)
def test_answer_and_explanation_are_told_apart(answer: str) -> None:
    reading = text(f"1. {STEM}？\nA. 半年\nB. 一年\n{answer}")
    assert reading.faults == ()
    [question] = reading.questions
    assert (question.options, question.answer) == (("半年", "一年"), "B")
    assert question.explanation == "预备期为一年。"


def test_items_of_an_explanation_begin_no_question() -> None:
    words = (
        "1. 甲的问题？\nA.一\nB.二\n答案：A\n2. 乙的问题？\nA.一\nB.二\n答案：B\n"
        "解析：\n（2）其二。\n3. 丙的问题？\nA.一\nB.二\n答案：A"
    )
    assert [q.stem for q in text(words).questions] == ["甲的问题？", "乙的问题？", "丙的问题？"]


def test_a_letter_in_the_stem_is_no_option() -> None:
    [question] = text("1. A、B两地的党员由谁管理？\nA.甲党委\nB.乙党委\n答案：A").questions
    assert (question.stem, question.options) == ("A、B两地的党员由谁管理？", ("甲党委", "乙党委"))


def test_numbers_in_a_stem_begin_no_question() -> None:
    words = "1. 党费在\n3000 元以下的按 0.5%\n计算，对不对？\nA.对\nB.错\n答案：A"
    [question] = text(words).questions
    assert question.kind is QuestionKind.JUDGE
    assert "3000 元" in question.stem


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("1. 问？\nA.甲\nB.乙", "没有找到答案"),
        ("1. 问？\nA.甲\nB.乙\n答案：C", "超出了选项"),
        ("1. 问？\nA.甲\nB.乙\n答案：丙", "不是选项"),
        ("1. 问？\n答案：A", "没有找到选项"),
        ("一、单选题\n1. 问？\nA.甲\nB.乙\n答案：AB", "单选题有 2 个答案"),
        ("一、填空题\n1. 问____。\n答案：甲", "不能自动判分"),
        ("1. 问（A）？\nA.甲\nB.乙\n答案：B", "题干里写着“A”，答案却是“B”"),
        ("1. 问？\nA.甲\nB.乙\n参考答案\n1.A\n2.B", "第 2 题的答案对不上"),
        ("1. 问？\nA.甲\nB.乙\n答案：A\n1. 问？\nA.甲\nB.乙\n答案：B", "答案却不同"),
        ("1. 问？\nA.甲\nB.乙\n答案：A\n2. 问？\nA.甲\nB.乙\n答案：A", "只收一道"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(words: str, reason: str) -> None:
    faults = [str(fault) for fault in text(words).faults]
    assert any(reason in fault and "行" in fault for fault in faults), faults


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_of_an_office_is_read(encoding: str) -> None:
    data = paper([SINGLE, MULTIPLE, JUDGE]).encode(encoding)
    assert [q.answer for q in read("题.txt", data).questions] == ["B", "ABD", "对"]


def test_a_document_is_read() -> None:
    assert shown(read("题.docx", docx(PAPER))) == shown(text(PAPER))


def test_a_text_without_questions_is_refused() -> None:
    with pytest.raises(DocumentError, match="没有读到题目"):
        text("关于召开支部党员大会的通知\n各位党员：\n请按时参加。")


@given(st.text(max_size=400))
def test_any_text_is_read_or_refused(words: str) -> None:
    try:
        reading = read("题.txt", words.encode("utf-8", "ignore") or b" ")
    except DocumentError:
        return
    assert reading.questions or reading.faults


PIECES = (
    "1. |2、|（3）|A. |B、|C |D.|\n|答案：|参考答案|解析：|1-3 ABC|√|（B）|一、单选题|第一章 |党费"
    "|？| |【答案】|A|B|填空题|2026 年"
)


@given(st.lists(st.sampled_from(PIECES.split("|")), max_size=40))
def test_anything_like_a_paper_is_read_or_refused(parts: list[str]) -> None:
    try:
        reading = read("题.txt", "".join(["1. ", *parts]).encode())
    except DocumentError:
        return
    for question in reading.questions:
        assert set(question.correct) <= set(range(len(question.options)))


@pytest.mark.parametrize(
    "words",
    [
        "1. 问" + "A." * 200_000,
        "1. 问？\nA.甲\n" + "1-200 A\n" * 10_000,
        "1. 问\n" + "A " * 99_999,
    ],
)
def test_a_paper_made_to_take_long_is_read_in_its_own_length(words: str) -> None:
    """The work grows with the file, not with its square: this ends."""
    assert text(words).questions == ()


def test_ten_thousand_questions_are_enough() -> None:
    with pytest.raises(DocumentError, match="超过 10000 道"):
        text("".join(f"{n}. 问\n" for n in range(1, 10_000)) + "1. 问\n2. 问\n")


def test_a_text_of_endless_lines_is_refused() -> None:
    with pytest.raises(DocumentError, match="行数过多"):
        text("1. 问\n" * 100_001)
