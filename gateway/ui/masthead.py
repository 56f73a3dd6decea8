"""What surrounds a page's content: the register's name, who is logged in, and the navigation."""

from dataclasses import dataclass
from functools import partial

from aiohttp import web


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """
    An item of the navigation bar. `posted` makes it a button instead of a link, because it does something (logs out).
    """

    label: str
    href: str
    current: bool = False
    posted: bool = False


@dataclass(frozen=True, slots=True)
class Masthead:
    """
    The header and footer for visitors with the same permissions; the same on every page, including errors.

    `site_name` is at the left of the header and links to `home`. `register_name` ends the page's title. `account` is
    where the user's name at the right links to; it is empty without a log-in. `team` is the second bar, with
    the pages of the register's team.
    """

    site_name: str
    register_name: str
    home: str = "/"
    help: str = "/help/"
    account: str = ""
    navigation: tuple[NavigationItem, ...] = ()
    team: tuple[NavigationItem, ...] = ()
    copyright: str = "©{year} All rights reserved."


# Made only when a page is shown: many requests end with a redirect.
MASTHEAD = web.RequestKey("masthead", partial[Masthead])
SIGNED_IN = web.RequestKey("signed_in", partial[str])  # "User logged in: …"
