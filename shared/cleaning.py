"""
Cleaning of typed and pasted text, before anything else reads it. Nobody is refused for what cannot be seen.

| what | becomes |
| --- | --- |
| line feeds, vertical tabs, form feeds, and the line and paragraph separators | a line break |
| tabs, no-break and ideographic spaces, every other kind of blank | a blank |
| bullets of a word processor's symbol fonts | the bullet that they show |
| controls, direction marks, byte order marks, soft hyphens, fillers, tags | nothing |
| private use, lone surrogates, code points without a character | nothing |
| joiners and variation selectors | kept where `_KEPT` says that a script or an emoji needs them |

The rest is put into Unicode NFC. `tests/rules/pasted.toml` lists what becomes of each character.
"""

import re
import unicodedata

_LINE_BREAKS = frozenset("\n\v\f\r\x85\u2028\u2029")
_BLANKS = frozenset("\t\u2800")  # and every character of category Zs
_BULLETS = {"\uf0b7": "\u2022", "\uf0a7": "\u25aa", "\uf0d8": "\u25ba", "\uf0fc": "\u2713"}
_GONE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})  # categories

# Letters and marks that show nothing, and the place of a picture that was not pasted.
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0\ufffc\U0001d159\U00016fe4")
# Signs of category Cf that are seen: the Arabic and related signs before numbers.
_SEEN = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# Emoji of later Unicode versions than this Python knows.
_EMOJI = range(0x1F300, 0x1FB00)

_JOINERS = "\u200c\u200d"
_SELECTORS = "\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"
_JOINED_SCRIPTS = "\u0600-\u08ff\u0900-\u0dff\u1000-\u109f\u1780-\u17ff\u1820-\u18af\ufb50-\ufdff\ufe70-\ufefc"
_PICTURES = "\u00a9\u00ae\u203c\u2049\u2100-\u214f\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_IDEOGRAPHS = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"

# The places where a joiner or a selector changes what is seen.
_KEPT = "|".join(
    (
        f"(?<=[{_JOINED_SCRIPTS}])[{_JOINERS}](?=[{_JOINED_SCRIPTS}])",
        f"(?<=[{_PICTURES}\ufe0f])\u200d(?=[{_PICTURES}])",
        f"(?<=[{_PICTURES}])\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3)",
        "(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]",
        f"(?<=[{_IDEOGRAPHS}])[\U000e0100-\U000e01ef]",
    )
)
_PLACED = re.compile(f"({_KEPT})|[{_JOINERS}{_SELECTORS}]")
_IN_PLACE = re.compile(f"[{_JOINERS}{_SELECTORS}]")
_ORDINARY = re.compile(r"[\n -~]*")
_LARGEST_REMEMBERED = 0x3000


def clean_text(text: str) -> str:
    """Return typed text of several lines without what cannot be seen. Blanks around it stay."""
    if _ORDINARY.fullmatch(text):  # most text is, and this path is ten times faster
        return text
    seen = text.replace("\r\n", "\n").translate(_CHARACTERS)
    if _IN_PLACE.search(seen):
        seen = _PLACED.sub(lambda found: found[1] or "", seen)
    return unicodedata.normalize("NFC", seen)


def clean_line(text: str) -> str:
    """Return one typed line without what cannot be seen, trimmed, with single blanks."""
    return " ".join(clean_text(text).split())


def says_something(text: str) -> bool:
    """Return whether cleaned text holds a letter or a digit. Where an answer is required, nothing less is one."""
    return any(map(str.isalnum, text))


class _Characters(dict[int, str]):
    """What becomes of each character on its own, for `str.translate`. Remembers those that most languages use."""

    def __missing__(self, code: int) -> str:
        becomes = _becomes(chr(code))
        if code < _LARGEST_REMEMBERED:
            self[code] = becomes
        return becomes


def _becomes(character: str) -> str:
    if character in _LINE_BREAKS:
        return "\n"
    if character in _BLANKS or unicodedata.category(character) == "Zs":
        return " "
    if character in _BULLETS:
        return _BULLETS[character]
    return "" if _is_gone(character) else character


def _is_gone(character: str) -> bool:
    if character in _FILLERS:
        return True
    if character in _SEEN or character in _JOINERS or ord(character) in _EMOJI:
        return False
    return unicodedata.category(character) in _GONE


_CHARACTERS = _Characters()
