"""Serves the front-end files that `make assets` built, under names with a content hash so that browsers cache them."""

import hashlib
import json
from pathlib import Path

from aiohttp import web

FRONT_END = "front_end"  # the route's name, which the guard knows
KEPT_FOR_GOOD = "public, max-age=31536000, immutable"
BUILT = Path(__file__).parents[1] / "assets" / "built"


class NotBuilt(Exception):
    """The front-end files have not been built."""

    def __init__(self) -> None:
        super().__init__("the front-end files are missing: run `npm ci` and `python -m deploy.build.assets`")


class Static:
    """Maps plain names to built files, and serves no others."""

    def __init__(self, built: Path = BUILT) -> None:
        try:
            self._names: dict[str, str] = json.loads((built / "manifest.json").read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise NotBuilt from None
        self._files = {served: built / served for served in self._names.values()}

    def add(self, name: str, file: Path) -> None:
        """Also serve a file of the deployment, such as the brand's logo."""
        served = f"{name}.{hashlib.sha256(file.read_bytes()).hexdigest()[:12]}{file.suffix}"
        self._names[name] = served
        self._files[served] = file

    def address(self, name: str) -> str:
        return f"/assets/{self._names[name]}"

    async def serve(self, request: web.Request) -> web.StreamResponse:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        return web.FileResponse(file, headers={"Cache-Control": KEPT_FOR_GOOD})
