"""The command line as its user runs it: a process of its own, its output and its exit code."""

from __future__ import annotations

import ctypes
import io
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import processes
from tests.bot.commands import Here, command, typed
from tests.conftest import SECRET

PROGRAM = "from bot.cli import main; raise SystemExit(main())"
# What the first answer of a fresh process does not need.
HEAVY = ("sqlalchemy", "jieba", "nicegui", "aiogram", "telegram", "asyncio")
LOADED = "import json, sys; from bot.cli import main; main(); print(json.dumps([*sys.modules]))"
PR_CAPBSET_DROP = 24
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER = 1, 2, 3
Zhibu = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def data(furnished: Path, tmp_path: Path) -> Path:
    """A data folder with the demo organisation and the shipped entries."""
    folder = tmp_path / "data"
    shutil.copytree(furnished, folder)
    (folder / "key").write_bytes(SECRET)
    (folder / "key").chmod(0o600)
    return folder


@pytest.fixture
def zhibu(data: Path) -> Zhibu:
    """Run one command in a process of its own and return what it printed."""

    def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        own = {"ZHIBU_DATA": str(data), **environment}
        return processes.run(command, *arguments, environment=own)

    return run


def started(
    data: Path, *arguments: str, program: str = PROGRAM, **how: Any
) -> subprocess.CompletedProcess[str]:
    """Run the program from its very start."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "ZHIBU_DATA": str(data), "ZHIBU_PORT": "0"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **how,
    )


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path) -> Here:
    """Run one command in this process."""
    return Here(monkeypatch, capsys, ZHIBU_DATA=str(data))


def test_ask_prints_the_answer_with_its_source(zhibu: Zhibu) -> None:
    done = zhibu("ask", "支委会多久开一次")
    assert done.returncode == 0
    assert "每月" in done.stdout
    assert "支部工作条例" in done.stdout


def test_ask_loads_nothing_that_the_first_answer_does_not_need(data: Path) -> None:
    done = started(data, "ask", "支委会多久开一次", program=LOADED)
    loaded = set(json.loads(done.stdout.splitlines()[-1]))
    assert loaded & set(HEAVY) == set()


def test_ask_answers_a_file_line_by_line(zhibu: Zhibu, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text(
        "\ufeff"
        + json.dumps({"question": "确定发展对象之前要公示吗", "as_of": "2025-06-01"})
        + "\n\n"
        + json.dumps({"question": "食堂周末几点开门"}, ensure_ascii=False),
        encoding="utf-8",
    )
    printed = zhibu("ask", "--jsonl", str(questions)).stdout
    lines = [json.loads(line) for line in printed.splitlines()]
    assert lines[1]["verdict"] == "decline"
    assert lines[0]["source"]["version"] == "2014"
    assert set(lines[0]) == {"question", "verdict", "text", "source", "score", "suggestions"}


def test_ask_answers_what_is_piped_to_it(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = io.BytesIO('{"question": "支委会多久开一次"}\r\n'.encode())
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(piped))
    printed = here("ask", "--jsonl", "-").stdout
    assert json.loads(printed)["verdict"] == "answer"


def test_what_is_no_file_is_named(zhibu: Zhibu, tmp_path: Path) -> None:
    for name in (tmp_path, tmp_path / "none"):
        done = zhibu("ask", "--jsonl", str(name))
        assert (done.returncode, str(name) in done.stderr) == (1, True)


def test_ask_keeps_a_line_separator_inside_a_question(zhibu: Zhibu, tmp_path: Path) -> None:
    asked = [f"支委会{mark}多久开一次" for mark in ("\u2028", "\u2029", "\x85")]
    lines = (json.dumps({"question": text}, ensure_ascii=False) for text in asked)
    questions = tmp_path / "questions.jsonl"
    questions.write_text("\n".join(lines), encoding="utf-8")
    printed = zhibu("ask", "--jsonl", str(questions)).stdout
    assert [json.loads(line)["question"] for line in printed.split("\n") if line] == asked


def test_ask_answers_half_a_surrogate_pair(zhibu: Zhibu, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "支委会\\ud800多久开一次"}', encoding="utf-8")
    printed = zhibu("ask", "--jsonl", str(questions)).stdout
    assert json.loads(printed)["question"] == "支委会\ud800多久开一次"


def test_a_file_in_another_encoding_is_named(zhibu: Zhibu, tmp_path: Path) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "支委会多久开一次"}', encoding="gbk")
    done = zhibu("ask", "--jsonl", str(questions))
    assert (done.returncode, "questions.jsonl is not a UTF-8 file" in done.stderr) == (1, True)


BAD_LINES = [
    "not json",
    "[]",
    "[" * 100_000,
    '{"q": "?"}',
    '{"question": 1}',
    *(f'{{"question": "?", "as_of": {day}}}' for day in ('"x"', '""', "0", "[]")),
]


@pytest.mark.parametrize("line", BAD_LINES, ids=lambda line: line[:30])
def test_a_bad_line_is_named_and_nothing_is_answered(
    zhibu: Zhibu, tmp_path: Path, line: str
) -> None:
    questions = tmp_path / "questions.jsonl"
    questions.write_text('{"question": "支委会多久开一次"}\n' + line, encoding="utf-8")
    done = zhibu("ask", "--jsonl", str(questions))
    assert (done.returncode, done.stdout) == (1, "")
    assert "line 2" in done.stderr


def test_a_wrong_setting_ends_the_program_with_its_name(zhibu: Zhibu) -> None:
    done = zhibu("ask", "x", ZHIBU_PORT="no number")
    assert done.returncode == 2
    assert "ZHIBU_PORT" in done.stderr
    assert "no number" not in done.stderr


def test_the_terminal_holds_the_same_conversation(data: Path) -> None:
    done = processes.run(
        typed, "支委会多久开一次\n1\n日历\n退出\n", environment={"ZHIBU_DATA": str(data)}
    )
    assert done.returncode == 0
    assert "每月" in done.stdout
    assert "谢谢反馈" in done.stdout
    assert "http://127.0.0.1:8080/calendar/" in done.stdout


def test_the_doctor_says_what_is_there(zhibu: Zhibu) -> None:
    done = zhibu("doctor", ZHIBU_PORT="0")
    assert "[ok] knowledge base" in done.stdout
    assert "[ok] organisation" in done.stdout


def test_a_document_is_imported_found_and_retired(zhibu: Zhibu, tmp_path: Path) -> None:
    file = tmp_path / "考勤办法.md"
    file.write_text("# 考勤办法\n\n第一条 职工探亲假每年二十天，由所在车间批准。\n", "utf-8")
    assert zhibu("kb", "import", str(file), "--version", "2026").returncode == 0
    assert "二十天" in zhibu("ask", "职工探亲假每年几天").stdout
    listed = zhibu("kb", "list").stdout
    number = listed.split("考勤办法")[0].split()[-1]
    assert zhibu("kb", "retire", "document", number).returncode == 0
    assert "二十天" not in zhibu("ask", "职工探亲假每年几天").stdout


@pytest.mark.parametrize("number", ["99999999999999999999", "-1", "0", "%"])
def test_a_number_that_no_store_holds_is_refused_in_a_line(zhibu: Zhibu, number: str) -> None:
    for words in (("show", number), ("list", f"--page={number}"), ("retire", "passage", number)):
        done = zhibu("kb", *words)
        assert done.returncode == 2
        assert "Traceback" not in done.stderr


def test_the_record_of_acts_is_whole(zhibu: Zhibu) -> None:
    zhibu("people", "invite", "江晚舟")
    assert zhibu("audit", "verify").stdout == "the record is whole\n"


def test_an_own_organisation_is_set_up_in_an_empty_store(zhibu: Zhibu, tmp_path: Path) -> None:
    own = {"ZHIBU_DATA": str(tmp_path / "own"), "ZHIBU_DEMO": "off"}
    names = ["--unit", "某某公司党委", "--admin", "张三", "--number", "A001"]
    first, second = (zhibu("people", "setup", *names, **own) for _ in range(2))
    assert "Invite code" in first.stdout
    assert second.returncode == 1
    assert "already" in second.stderr
    if os.name == "posix":
        made = [tmp_path / "own", *(tmp_path / "own").rglob("*")]
        assert [path for path in made if path.stat().st_mode & 0o077] == [], "its owner's only"


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_the_assistant_starts_says_where_it_is_and_stops_when_told(data: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "run"],
        env={**os.environ, "ZHIBU_DATA": str(data), "ZHIBU_PORT": "0"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    said = next(line for line in process.stdout if "browser chat" in line)
    process.send_signal(signal.SIGTERM)
    assert "http://127.0.0.1:" in said
    assert process.wait(30) == 0


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: b"\xff" * 4096 + whole[4096:],
        # SQLite quotes the name in its complaint, and Python cannot read that.
        lambda whole: whole.replace(b"tableaccount", b"table\xd7ccount"),
    ],
    ids=["its head", "its schema"],
)
def test_a_damaged_store_is_named_and_left_alone(
    zhibu: Zhibu, data: Path, damage: Callable[[bytes], bytes]
) -> None:
    """Fault 11: it refuses to go on, and says where the way back is described."""
    store = data / "zhibu.db"
    broken = damage(store.read_bytes())
    store.write_bytes(broken)
    done = zhibu("kb", "list")
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "bring back a backup" in done.stderr
    assert store.read_bytes() == broken


@pytest.mark.parametrize("command", [("doctor",), ("audit", "verify")])
def test_whoever_only_looks_makes_no_store(
    here: Here, tmp_path: Path, command: tuple[str, ...]
) -> None:
    """Fault 10: no empty new store beside the old one."""
    done = here(*command, ZHIBU_DATA=str(tmp_path / "none"))
    assert done.returncode == 1
    assert "none yet" in done.stdout or "no store yet" in done.stderr
    assert not (tmp_path / "none").exists()


def _bound_by_rights() -> None:
    """Let also root be refused what a file's rights refuse (Linux: prctl(2), capabilities(7))."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


@pytest.mark.skipif(sys.platform != "linux", reason="the right to ignore rights is taken by prctl")
def test_a_data_folder_that_cannot_be_written_is_named_and_left_alone(data: Path) -> None:
    """Fault 10: a clear message, an exit code, and nothing new in the folder."""
    before = sorted(data.rglob("*"))
    for path in (data, *before):
        path.chmod(0o500 if path.is_dir() else 0o400)
    done = started(data, "run", preexec_fn=_bound_by_rights)
    for path in (data, *before):
        path.chmod(0o700 if path.is_dir() else 0o600)
    assert (done.returncode, "Traceback" in done.stderr) == (1, False)
    assert "mend" in done.stderr
    assert sorted(data.rglob("*")) == before


@pytest.mark.parametrize(
    ("gone", "says", "code"),
    [("zhibu.db", "put a copy back", 1), ("key", "has lost its key", 2)],
)
def test_what_is_gone_is_not_replaced_by_a_new_one(
    here: Here, data: Path, gone: str, says: str, code: int
) -> None:
    """Fault 10: an empty store, or a new key, would hide that the old one is missing."""
    (data / "anchor.json").write_text('{"count": 3, "line": 0, "hash": ""}', "utf-8")
    (data / gone).unlink()
    done = here("kb", "list")
    assert (done.returncode, says in done.stderr) == (code, True)
    assert not (data / gone).exists()


@pytest.mark.parametrize("command", [("backup",), ("outbox", "show"), ("outbox", "release")])
def test_where_there_is_no_store_there_is_nothing_to_do(
    here: Here, tmp_path: Path, command: tuple[str, ...]
) -> None:
    done = here(*command, ZHIBU_DATA=str(tmp_path / "none"))
    assert (done.returncode, "there is no store yet" in done.stderr) == (1, True)
    assert not (tmp_path / "none").exists()


def test_the_rules_are_checked_and_a_bad_one_is_named(zhibu: Zhibu, tmp_path: Path) -> None:
    assert "rules are in order" in zhibu("rules", "check").stdout
    (tmp_path / "own.toml").write_text('[[rule]]\nid = "x"\nowner = "nobody"\n', "utf-8")
    done = zhibu("rules", "check", str(tmp_path))
    assert done.returncode == 1
    assert done.stdout.startswith("own.toml: x: ")


@pytest.mark.parametrize(
    ("rule", "day", "expected"),
    [
        ("joining-15", "2026-05-17", "no regulation sets a limit"),
        ("joining-15", "2026-05-18", "due 2026-06-18"),
        ("joining-7a", "2026-05-17", "no version is in force"),
        ("term-branch", "2024-06-18", "the term ends 2027-06-18 (3 years)"),
        ("letter-branch", "2024-06-18", "due 2026-12-18"),
        ("committee-meeting", "2028-02-10", "due 2028-02-29"),
    ],
)
def test_a_rule_is_explained_for_a_day(zhibu: Zhibu, rule: str, day: str, expected: str) -> None:
    assert expected in zhibu("rules", "explain", rule, day).stdout


def test_a_rule_is_explained_for_a_unit_by_its_own(zhibu: Zhibu, tmp_path: Path) -> None:
    manual = (Path(__file__).parents[2] / "docs" / "rules.md").read_text("utf-8")
    own = manual.split("```toml\n")[2].split("```")[0]
    (tmp_path / "own.toml").write_text(own, "utf-8")
    explain = ("rules", "explain", "branch-assembly", "2026-11-23")
    there = zhibu(*explain, "--unit", "总装车间党支部", ZHIBU_RULES=str(tmp_path))
    assert there.stdout.startswith("zhongzhuang-assembly 2026: ")
    assert "due 2026-12-31" in there.stdout
    elsewhere = zhibu(*explain, ZHIBU_RULES=str(tmp_path)).stdout
    assert elsewhere.startswith("branch-assembly 2018: ")


def test_days_off_are_shown_then_stored(zhibu: Zhibu, tmp_path: Path) -> None:
    notice = tmp_path / "notice.txt"
    days = [f"2027-02-{day:02} 休 春节" for day in range(5, 12)]
    notice.write_text("\n".join([*days, "2027-02-14 班"]), "utf-8")
    assert "nothing is stored yet" in zhibu("calendar", "import", str(notice)).stdout
    assert "provisional" in zhibu("calendar", "show", "2027").stdout
    assert zhibu("calendar", "import", str(notice), "--yes").returncode == 0
    shown = zhibu("calendar", "show", "2027").stdout
    assert "provisional" not in shown
    assert "2027-02-14 班" in shown
