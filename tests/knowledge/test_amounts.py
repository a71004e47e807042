"""A passage about a range of wages answers for the wages in it."""

import pytest

from knowledge.amounts import amounts, fits

BETWEEN = "税后工资5000元以上到10000元属于党费哪一档？"
AT_MOST = "税后工资3000元及以下属于党费哪一档？"
ABOVE = "税后工资超过10000元属于党费哪一档？"


@pytest.mark.parametrize(
    ("question", "named"),
    [
        ("工资税后两万的人党费是几百块", [20_000]),
        ("税后5,000元的党费是多少钱", [5_000]),
        ("月薪一万二要交多少党费", [12_000]),
        ("到手1.5万党费多少", [15_000]),
        ("工资从5000涨到5001", [5_000, 5_001]),
        ("2027年3月转正", []),
        ("应到25人，交了90块", []),
        ("党员超过500人的单位", [500]),
    ],
)
def test_amounts_are_read(question: str, named: list[float]) -> None:
    assert amounts(question) == named


@pytest.mark.parametrize(
    ("heading", "question", "fitting"),
    [
        (BETWEEN, "税后八千党费多少", True),
        (BETWEEN, "税后10000元党费多少", True),
        (BETWEEN, "税后5000元党费多少", False),
        (BETWEEN, "税后一万二党费多少", False),
        (BETWEEN, "工资从5000涨到5001，党费怎么变", True),
        (BETWEEN, "中间那一档党费多少", True),
        (AT_MOST, "税后2800元党费多少", True),
        (AT_MOST, "税后4000元党费多少", False),
        (ABOVE, "月薪两万党费多少", True),
        (ABOVE, "税后10000元党费多少", False),
        ("在职党员的党费怎么算？", "税后2800元党费多少", True),
    ],
)
def test_a_range_answers_for_what_is_in_it(heading: str, question: str, fitting: bool) -> None:
    assert fits(heading, question) is fitting
