"""The tree of units is seen within the scope and changed by administrators."""

import pytest

from tests.handlers.conftest import ADMINISTRATOR, MEMBER, SECRETARY, SIBLING, SUPERIOR, Talk


async def test_a_secretary_sees_the_own_branch_only(talk: Talk) -> None:
    [reply] = await talk.say(SECRETARY, "组织")
    assert reply.table is not None
    assert [row[0].strip() for row in reply.table.rows[1:]] == ["综合管理党支部"]


async def test_a_committee_sees_its_subtree_with_totals(talk: Talk) -> None:
    [reply] = await talk.say(SUPERIOR, "组织")
    assert reply.table is not None
    names = {row[0].strip("　"): row[2] for row in reply.table.rows[1:]}
    assert names == {"机关党总支": "19", "综合管理党支部": "9", "财务审计党支部": "8"}


async def test_a_unit_is_added_and_taken_back(talk: Talk) -> None:
    [reply] = await talk.say(ADMINISTRATOR, "新增组织 第七党支部 党支部 机关党总支")
    [twice] = await talk.say(ADMINISTRATOR, "新增组织 第七党支部 党支部 机关党总支")
    assert "已经有" in twice.text
    [undone] = await talk.press(ADMINISTRATOR, reply, "撤销")
    assert "已删除" in undone.text


@pytest.mark.parametrize("name", ["@3", "%_", "<b>支部</b>", "支\u202e部", "12", "支_部", "#5"])
async def test_a_name_that_reads_as_something_else_is_refused(talk: Talk, name: str) -> None:
    [reply] = await talk.say(ADMINISTRATOR, f"新增组织 {name} 党支部 机关党总支")
    assert "组织名称只能用" in reply.text


@pytest.mark.parametrize("name", ["机关第3党支部", "综合（党群）党支部", "A座联合党支部"])
async def test_a_usual_name_is_taken(talk: Talk, name: str) -> None:
    [reply] = await talk.say(ADMINISTRATOR, f"新增组织 {name} 党支部 机关党总支")
    assert "新增" in reply.text


@pytest.mark.parametrize("kind", ["党委", "党总支", "党支部"])
async def test_no_unit_stands_below_a_lower_one(talk: Talk, kind: str) -> None:
    [reply] = await talk.say(ADMINISTRATOR, f"新增组织 某某组织 {kind} 综合管理党支部")
    assert "下面不能设" in reply.text


async def test_a_unit_with_people_is_not_removed(talk: Talk) -> None:
    [reply] = await talk.say(ADMINISTRATOR, "删除组织 综合管理党支部")
    assert "不能删除" in reply.text


async def test_a_unit_with_a_record_is_not_removed(talk: Talk) -> None:
    await talk.say(ADMINISTRATOR, "新增组织 第七党支部 党支部 机关党总支")
    await talk.say(ADMINISTRATOR, "学习设置 第七党支部 学时折算 45")
    [reply] = await talk.say(ADMINISTRATOR, "删除组织 第七党支部")
    assert "不能删除" in reply.text
    await talk.say(ADMINISTRATOR, "学习设置 第七党支部 学时折算 默认")
    [reply] = await talk.say(ADMINISTRATOR, "删除组织 第七党支部")
    assert "已删除" in reply.text


async def test_a_bad_order_says_how_it_is_written(talk: Talk) -> None:
    [reply] = await talk.say(ADMINISTRATOR, "新增组织 第七党支部")
    assert "请这样写" in reply.text


async def test_only_a_post_that_may_answer_is_set_as_answerer(talk: Talk) -> None:
    [reply] = await talk.say(ADMINISTRATOR, "设置答疑人 知识编辑 青禾重工党委")
    assert "不能答疑" in reply.text
    assert "知识编辑" not in reply.text
    [reply] = await talk.say(ADMINISTRATOR, "设置答疑人 宣传委员 青禾重工党委")
    assert "转给宣传委员" in reply.text


async def test_the_answerer_is_set_within_the_scope_only(talk: Talk) -> None:
    [reply] = await talk.say(SIBLING, "设置答疑人 书记 综合管理党支部")
    assert "不在你的范围内" in reply.text
    [reply] = await talk.say(MEMBER, "设置答疑人 书记")
    assert "不能" in reply.text
