"""Who may do what: actions as data, roles as sets of actions, a verdict with its reason.

Deny by default. A post gives its actions over the unit it is held in and all below; being on
the roster gives the member's actions over oneself; everybody has the public ones. A query on
people's data is narrowed by `scope` before it runs, never filtered afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_

from db.tables import Person, Title, Unit


@dataclass(frozen=True, slots=True)
class Action:
    """Something that can be allowed; `says` words it for the person who is refused."""

    name: str
    says: str


ASK = Action("ask", "向知识库提问")
IDENTIFY = Action("identify", "绑定身份")
SEE_SELF = Action("see-self", "查看本人信息")
HAND_OVER = Action("hand-over", "把问题转给组织委员")
SEE_LIBRARY = Action("see-library", "查看知识库目录")
SEE_MEMBERS = Action("see-members", "查看党员名单")
ANSWER_HANDOVER = Action("answer-handover", "答复转来的问题")
INVITE = Action("invite", "邀请党员绑定")
UNBIND = Action("unbind", "解除他人绑定")
MOVE = Action("move", "调整党员所在组织")
APPOINT = Action("appoint", "任免职务")
IMPORT_ROSTER = Action("import-roster", "导入名册")
CONFIGURE_UNIT = Action("configure-unit", "设置本组织")
EDIT_LIBRARY = Action("edit-library", "维护知识库")
REVIEW_PROPOSALS = Action("review-proposals", "审核入库建议")
SEE_GAPS = Action("see-gaps", "查看知识盘点")
ADMINISTER = Action("administer", "系统管理")
SEE_DUTIES = Action("see-duties", "查看任务")
DO_DUTY = Action("do-duty", "办理任务")
OVERSEE_DUTIES = Action("oversee-duties", "查看本组织任务")
ACCEPT_DUTY = Action("accept-duty", "接收任务办理结果")
WAIVE_DUTY = Action("waive-duty", "免除任务")
MANAGE_CASES = Action("manage-cases", "办理发展党员、换届等事项")
SEE_LEDGER = Action("see-ledger", "查看台账")
ANSWER_QUIZ = Action("answer-quiz", "回答群里的题目")
PRACTISE = Action("practise", "练习答题")
REPORT_QUESTION = Action("report-question", "报告题目有误")
RUN_QUIZ = Action("run-quiz", "设置群里的答题")
IMPORT_QUESTIONS = Action("import-questions", "导入题库")
KEEP_QUESTIONS = Action("keep-questions", "维护题库")
STUDY = Action("study", "记录学习")
PUBLISH_STUDY = Action("publish-study", "发布学习资料")
SEE_STUDY = Action("see-study", "查看学习情况")

PUBLIC = frozenset({ASK, IDENTIFY, ANSWER_QUIZ})
MEMBER = frozenset(
    {
        SEE_SELF,
        HAND_OVER,
        SEE_LIBRARY,
        SEE_DUTIES,
        DO_DUTY,
        PRACTISE,
        REPORT_QUESTION,
        STUDY,
    }
)
_CALENDAR = frozenset({SEE_DUTIES, OVERSEE_DUTIES, SEE_LEDGER})
_TEACHING = frozenset({RUN_QUIZ, IMPORT_QUESTIONS, PUBLISH_STUDY, SEE_STUDY})
_ORGANISATION = _CALENDAR | {
    SEE_MEMBERS,
    ANSWER_HANDOVER,
    INVITE,
    UNBIND,
    IMPORT_ROSTER,
    DO_DUTY,
    ACCEPT_DUTY,
    MANAGE_CASES,
    *_TEACHING,
}
_SECRETARY = _ORGANISATION | {MOVE, APPOINT, CONFIGURE_UNIT, WAIVE_DUTY}
_EDITOR = frozenset({EDIT_LIBRARY, REVIEW_PROPOSALS, SEE_GAPS, IMPORT_QUESTIONS, KEEP_QUESTIONS})

# What each post allows, over its unit and everything below it.
BY_TITLE: dict[Title, frozenset[Action]] = {
    Title.SECRETARY: _SECRETARY,
    Title.DEPUTY_SECRETARY: _SECRETARY,
    Title.ORGANISATION: _ORGANISATION,
    Title.PUBLICITY: _TEACHING | {ANSWER_HANDOVER},
    Title.DISCIPLINE: frozenset({ANSWER_HANDOVER}),
    Title.GROUP_LEADER: _CALENDAR | {SEE_MEMBERS, ANSWER_HANDOVER, DO_DUTY},
    Title.STAFF: _ORGANISATION - {DO_DUTY, ACCEPT_DUTY},
    Title.EDITOR: _EDITOR,
    Title.ADMINISTRATOR: _SECRETARY | _EDITOR | {ADMINISTER},
}
# Posts that only an administrator may give or take.
SYSTEM_TITLES = frozenset({Title.EDITOR, Title.ADMINISTRATOR})
# Posts that only somebody above the unit may give or take, or an administrator.
HEADS = frozenset({Title.SECRETARY, Title.DEPUTY_SECRETARY})


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post that is held today."""

    title: Title
    unit_id: int
    unit_path: str
    unit_name: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Who is asking: an account, and the person behind it once it is bound."""

    account_id: int
    person_id: int | None = None
    name: str = ""
    unit_id: int | None = None
    unit_path: str = ""
    unit_name: str = ""
    posts: tuple[HeldPost, ...] = ()

    @property
    def bound(self) -> bool:
        return self.person_id is not None


# Whoever runs the program on the server itself: an administrator of every tree.
OPERATOR = Actor(account_id=0, name="operator", posts=(HeldPost(Title.ADMINISTRATOR, 0, "/", ""),))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether something is allowed; `reason` is in the words of the person who asked."""

    allowed: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data an actor may touch for one action: whole subtrees, and perhaps oneself."""

    prefixes: tuple[str, ...] = ()
    person_id: int | None = None

    def covers(self, unit_path: str, person_id: int | None = None) -> bool:
        """Tell whether a unit, or a person in it, lies within."""
        if person_id is not None and person_id == self.person_id:
            return True
        return any(unit_path.startswith(prefix) for prefix in self.prefixes)

    def people(self) -> ColumnElement[bool]:
        """Return the condition on a query over `Person` joined with `Unit`."""
        clauses = [Unit.path.startswith(prefix, autoescape=True) for prefix in self.prefixes]
        if self.person_id is not None:
            clauses.append(Person.id == self.person_id)
        return or_(*clauses) if clauses else false()

    def units(self) -> ColumnElement[bool]:
        """Return the condition on a query over `Unit`."""
        clauses = [Unit.path.startswith(prefix, autoescape=True) for prefix in self.prefixes]
        return or_(*clauses) if clauses else false()


def scope(actor: Actor, action: Action) -> Scope:
    """Return whose data the actor may touch for `action`; empty when nobody's."""
    prefixes = {p.unit_path for p in actor.posts if action in BY_TITLE[p.title]}
    own = actor.person_id if action in MEMBER else None
    return Scope(prefixes=_outermost(prefixes), person_id=own)


def decide(
    actor: Actor, action: Action, *, unit_path: str | None = None, person_id: int | None = None
) -> Verdict:
    """Judge one act, on a unit or person if given, else whether it is open to the actor at all."""
    if action in PUBLIC:
        return Verdict(True)
    if not actor.bound and actor is not OPERATOR:
        return Verdict(False, f"{action.says}需要先绑定身份，发送“绑定”查看办法。")
    reach = scope(actor, action)
    if not reach.prefixes and reach.person_id is None:
        return Verdict(False, f"你目前的职务不能{action.says}。")
    if unit_path is not None and not reach.covers(unit_path, person_id):
        return Verdict(False, f"这不在你可以{action.says}的范围内。")
    return Verdict(True)


def decide_post(actor: Actor, title: Title, *, unit_path: str, person_id: int) -> Verdict:
    """Judge giving somebody a post in a unit, or taking it."""
    if actor.person_id == person_id:
        return Verdict(False, "不能任免自己的职务，请由他人办理。")
    verdict = decide(actor, APPOINT, unit_path=unit_path)
    if not verdict.allowed or _administers(actor, unit_path):
        return verdict
    if title in SYSTEM_TITLES:
        return Verdict(False, f"“{title}”只能由管理员任免。")
    if title in HEADS and not any(_stands_above(post, unit_path) for post in actor.posts):
        return Verdict(False, f"“{title}”由上级组织或管理员任免。")
    return Verdict(True)


def decide_person(
    actor: Actor, action: Action, *, unit_path: str, posts: tuple[HeldPost, ...]
) -> Verdict:
    """Judge an act that would let the actor speak for a person, or silence one.

    Whoever could invite the holder of a greater post could use the code and hold that post.
    """
    verdict = decide(actor, action, unit_path=unit_path)
    if not verdict.allowed:
        return verdict
    for post in posts:
        if not BY_TITLE[post.title] <= _actions_over(actor, post.unit_path):
            return Verdict(
                False, f"对方担任{post.unit_name}{post.title}，请由上级组织或管理员办理。"
            )
    return verdict


def _administers(actor: Actor, unit_path: str) -> bool:
    return any(
        post.title is Title.ADMINISTRATOR and unit_path.startswith(post.unit_path)
        for post in actor.posts
    )


def _stands_above(post: HeldPost, unit_path: str) -> bool:
    above = unit_path != post.unit_path and unit_path.startswith(post.unit_path)
    return above and APPOINT in BY_TITLE[post.title]


def _actions_over(actor: Actor, unit_path: str) -> frozenset[Action]:
    held = (BY_TITLE[p.title] for p in actor.posts if unit_path.startswith(p.unit_path))
    return frozenset().union(*held)


def _outermost(prefixes: set[str]) -> tuple[str, ...]:
    kept: list[str] = []
    for prefix in sorted(prefixes):
        if not any(prefix.startswith(outer) for outer in kept):
            kept.append(prefix)
    return tuple(kept)
