"""The text of a file in any of the encodings that spreadsheet programs write."""

import codecs
import re
from collections.abc import Iterator

from services.referrals.loading.table import UnreadableFile

_MARKED = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_OF_UTF_32 = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)
_SAMPLE = 4096
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x19\x1c-\x1f\x7f]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_ACCENTED = "àáâãäåæçèéêëìíîïñòóôõöøœùúûüýÿßšžðþ"
_LETTERS = frozenset(_ACCENTED + _ACCENTED.upper())
_SIGNS = frozenset("’‘“”–—…•£€°½¼¾·«»©®™\u00a0×²³§¿¡")
_WITHIN_WORDS = frozenset("’‘–—·")


def decode(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raise `UnreadableFile` if it is no text."""
    text, encoding = _decode(content)
    if "\0" in text or len(_CONTROLS.findall(text)) * 200 > len(text):
        raise UnreadableFile("not_a_table")
    return text.replace("\x1a", ""), encoding


def _decode(content: bytes) -> tuple[str, str]:
    if content.startswith(_OF_UTF_32):
        raise UnreadableFile("not_a_table")
    for mark, encoding in _MARKED:
        if content.startswith(mark):
            return _strictly(content.removeprefix(mark), encoding), encoding
    if b"\0" in content:
        encoding = _utf_16_without_mark(content)
        return _strictly(content, encoding), encoding
    try:
        return content.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _of_single_bytes(content)


def _strictly(content: bytes, encoding: str) -> str:
    """Return the text. A file that says its encoding and breaks it may still be of single bytes after UTF-8's mark."""
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableFile("not_a_table") from None


def _utf_16_without_mark(content: bytes) -> str:
    """Return which half of each pair is zero. In most text one of them nearly always is, and the other never."""
    sample = content[:_SAMPLE]
    first, second = sample[::2].count(0), sample[1::2].count(0)
    if second > len(sample) / 6 and not first:
        return "utf-16-le"
    if first > len(sample) / 6 and not second:
        return "utf-16-be"
    raise UnreadableFile("not_a_table")


def _of_single_bytes(content: bytes) -> tuple[str, str]:
    """Return the text in the encoding of Windows, or in that of old Macs if only that makes sense."""
    windows, mac = content.decode("cp1252", "replace"), content.decode("mac-roman")
    odd_in_windows = list(_oddities(windows))
    is_mac = sum(odd_in_windows) * 2 >= len(odd_in_windows) and any(odd_in_windows) and not any(_oddities(mac))
    return (mac, "mac-roman") if is_mac else (windows, "cp1252")


def _oddities(text: str) -> Iterator[bool]:
    """Yield for each character beyond ASCII whether no one would write it at its place."""
    for found in _NOT_ASCII.finditer(text):
        place = found.start()
        yield _is_odd(found[0], text[max(place - 30, 0) : place], text[place + 1 : place + 31])


def _is_odd(character: str, before: str, after: str) -> bool:
    if character in _LETTERS:
        return _is_mixed(_last_letters(before) + character + _last_letters(after[::-1])[::-1])
    if character not in _SIGNS:
        return True
    follows, precedes = before[-1:].isalpha(), after[:1].isalpha()
    return (follows and precedes and character not in _WITHIN_WORDS) or (
        follows and not precedes and character in "‘“©"
    )


def _last_letters(text: str) -> str:
    bare = len(text)
    while bare and text[bare - 1].isalpha():
        bare -= 1
    return text[bare:]


def _is_mixed(word: str) -> bool:
    """Return whether capitals stand among small letters."""
    return not (word.islower() or word.isupper() or word[1:].islower())
