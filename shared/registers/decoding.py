"""Reading the text of a file that an author wrote. Whatever its encoding is, the fault says what to do."""

import codecs

from shared.registers.faults import DefinitionFault, FaultyRegister

LARGEST_FILE = 20 * 1024 * 1024
SAVE_AS = "save it as UTF-8 (in Excel: “CSV UTF-8”)"

# UTF-32 comes first, because its mark begins with that of UTF-16.
_MARKS = {
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
}


def read_text_of(content: bytes, source: str) -> str:
    """
    Return the text of a UTF-8 file, without a byte order mark and with plain line ends. Raise `FaultyRegister`.

    The first fault ends the reading: text in a wrong encoding says nothing reliable about the rest.
    """
    if len(content) > LARGEST_FILE:
        raise FaultyRegister(source, [DefinitionFault("the file", f"is larger than {LARGEST_FILE >> 20} MB")])
    for mark, name in _MARKS.items():
        if content.startswith(mark):
            raise FaultyRegister(source, [DefinitionFault("the file", f"is saved as {name}: {SAVE_AS}")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FaultyRegister(source, [_not_utf8(content, error.start)]) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        why = f"has a character that no text has, as in a file that is damaged or not saved as UTF-8: {SAVE_AS}"
        raise FaultyRegister(source, [DefinitionFault(f"line {line}", why)])
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _not_utf8(content: bytes, start: int) -> DefinitionFault:
    line = content.count(b"\n", 0, start) + 1
    return DefinitionFault(f"line {line}", f"has a character that is not written in UTF-8: {SAVE_AS}")
