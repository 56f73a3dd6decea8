"""Undefined values that our own templates may not show; in the NHS components' they chain silently, as they must."""

import sys

from jinja2 import ChainableUndefined, UndefinedError

from gateway.ui.render import FOLDER


class StrictInOurs(ChainableUndefined):
    """A misspelt name in one of our templates is an error in tests, where it would be an empty space on the page."""

    def __str__(self) -> str:
        self._refuse_in_ours()
        return ""

    def __html__(self) -> str:
        self._refuse_in_ours()
        return ""

    def _refuse_in_ours(self) -> None:
        frame = sys._getframe(2)
        while not frame.f_code.co_filename.endswith((".html", ".jinja")):
            if frame.f_back is None:
                return
            frame = frame.f_back
        if frame.f_code.co_filename.startswith(str(FOLDER)):
            raise UndefinedError(f"{self._undefined_name} is not defined in {frame.f_code.co_filename}")
