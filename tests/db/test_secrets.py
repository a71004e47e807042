"""Numbers at rest open only with the key, in their own place, unchanged."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.secrets import Secrets, SecretsError

SECRETS = Secrets(b"a secret that only the tests know!")
OTHER = Secrets(b"another secret of the right length")


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_what_was_sealed_opens(value: str) -> None:
    assert SECRETS.open(SECRETS.seal(value, "person.phone"), "person.phone") == value


def test_the_same_value_is_sealed_differently_and_found_alike() -> None:
    assert SECRETS.seal("13800001234", "p") != SECRETS.seal("13800001234", "p")
    assert SECRETS.index("13800001234", "p") == SECRETS.index("13800001234", "p")


def test_a_digest_is_of_one_place_and_one_key() -> None:
    digests = {SECRETS.index("1", "a"), SECRETS.index("1", "b"), OTHER.index("1", "a")}
    assert len(digests) == 3


def test_a_value_does_not_open_in_another_place() -> None:
    with pytest.raises(SecretsError):
        SECRETS.open(SECRETS.seal("1", "person.phone"), "person.identity")


def test_a_value_does_not_open_with_another_key() -> None:
    with pytest.raises(SecretsError, match="another key"):
        OTHER.open(SECRETS.seal("1", "p"), "p")


@given(st.integers(0, 200), st.characters(codec="ascii"))
def test_a_changed_value_does_not_open(position: int, letter: str) -> None:
    sealed = SECRETS.seal("13800001234", "p")
    at = position % len(sealed)
    changed = sealed[:at] + letter + sealed[at + 1 :]
    if changed == sealed:
        return
    with pytest.raises(SecretsError):
        SECRETS.open(changed, "p")


def test_a_weak_secret_is_refused() -> None:
    with pytest.raises(SecretsError, match="32"):
        Secrets(b"short")
