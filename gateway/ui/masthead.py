"""What stands around a page's own content: whose register it is, who is logged in, where one may go."""

from dataclasses import dataclass

from aiohttp import web


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """A word of the navigation bar. `posted`: it does something, as logging out does, so it is a button and no link."""

    label: str
    href: str
    current: bool = False
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Masthead:
    """
    The header and footer as one visitor sees them; the same on every page, errors included.

    `site_name` stands at the left of the header and leads to `home`; `register_name` ends the page's title.
    `signed_in` ("User logged in: …") stands at the right and leads to `account`; empty for a stranger.
    """

    site_name: str
    register_name: str
    home: str = "/"
    help: str = "/help/"
    signed_in: str = ""
    account: str = ""
    navigation: tuple[NavigationItem, ...] = ()
    copyright: str = "©{year} All rights reserved."


MASTHEAD = web.RequestKey("masthead", Masthead)
