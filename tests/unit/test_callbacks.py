import pytest

from listener.callbacks import MAX_BYTES, Press, sign, verify
from listener.errors import NotAllowed

KEY = b"k" * 32


def test_a_button_comes_back_as_it_was_made_and_fits():
    data = sign(KEY, "-1001234567890", "approve", 2**31, "f" * 64)
    assert len(data.encode()) <= MAX_BYTES
    assert verify(KEY, "-1001234567890", data) == Press("approve", 2**31, "f" * 12)


@pytest.mark.parametrize(
    "forged", ["a:1:ffffffffffff:AAAAAAAAAAAA", "", ":::", "a:1", "通过", "x" * 64]
)
def test_what_we_did_not_sign_is_refused(forged):
    with pytest.raises(NotAllowed) as refused:
        verify(KEY, "-1", forged)
    assert refused.value.code == "bad_button"


def test_a_button_of_another_chat_or_key_is_refused():
    data = sign(KEY, "-1", "claim", 7, None)
    for key, chat in ((KEY, "-2"), (b"x" * 32, "-1")):
        with pytest.raises(NotAllowed):
            verify(key, chat, data)
