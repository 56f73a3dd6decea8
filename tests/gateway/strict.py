"""Makes an undefined value in our own templates an error. In the NHS components, undefined values chain silently."""

import sys

from jinja2 import ChainableUndefined, UndefinedError

from gateway.ui.render import FOLDER


class StrictInOurs(ChainableUndefined):
    """Raises `UndefinedError` for an undefined value in our templates, which would otherwise be an empty space."""

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
