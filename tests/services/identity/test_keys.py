"""The hashes that are stored in place of secrets."""

import secrets
from uuid import UUID

import pytest

from services.identity.keys import Keys, hash_of, same
from shared.ids import new_id, new_token

ONE, OTHER = UUID(int=1), UUID(int=2)


def test_a_code_is_bound_to_its_log_in_and_to_the_key() -> None:
    keys = Keys(bytes(32))

    kept = keys.pin(ONE, "123456")

    assert kept == keys.pin(ONE, "123456")
    others = [keys.pin(OTHER, "123456"), keys.pin(ONE, "123457"), Keys(bytes(31) + b"1").pin(ONE, "123456")]
    assert kept not in others


def test_a_temporary_password_is_bound_to_its_account_and_its_use() -> None:
    keys = Keys(secrets.token_bytes(32))

    assert keys.temporary_password(ONE, "123456") != keys.temporary_password(OTHER, "123456")
    assert keys.temporary_password(ONE, "123456") != keys.pin(ONE, "123456")


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(ValueError, match="64 hex digits"):
        Keys(bytes(16))


def test_nothing_is_the_same_as_nothing() -> None:
    assert (False, False, True) == (same(None, None), same(None, b"1"), same(b"1", b"1"))


def test_tokens_and_ids_do_not_repeat() -> None:
    assert 1_000 == len({new_token() for _ in range(1_000)})
    assert 1_000 == len({new_id() for _ in range(1_000)})
    assert 32 == len(hash_of(new_token()))
