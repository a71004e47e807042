"""One rule from evidence to verdict."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from knowledge.search.confidence import NOTHING, Evidence, answers, known, right, verdict

shares = st.floats(0, 1)
evidences = st.builds(Evidence, shares, st.floats(0, 100), shares, shares)


@given(evidences)
def test_chances_are_chances(evidence: Evidence) -> None:
    assert 0 <= known(evidence) <= 1
    assert 0 <= right(evidence) <= 1
    assert 0 <= answers(evidence) <= min(known(evidence), right(evidence))


@given(evidences, shares)
def test_more_evidence_never_makes_less_sure(evidence: Evidence, more: float) -> None:
    for name in ("share", "strength", "vocabulary", "margin"):
        stronger = replace(evidence, **{name: max(getattr(evidence, name), more)})
        assert known(stronger) >= known(evidence) - 1e-12
        assert answers(stronger) >= answers(evidence) - 1e-12


def test_nothing_found_is_declined() -> None:
    assert (verdict(NOTHING), answers(NOTHING)) == ("decline", 0.0)


def test_the_verdicts_are_three() -> None:
    assert verdict(Evidence(0.9, 15.0, 1.0, 0.8)) == "answer"
    assert verdict(Evidence(0.5, 10.0, 1.0, 0.0)) == "suggest"
    assert verdict(Evidence(0.1, 4.0, 0.3, 0.9)) == "decline"
