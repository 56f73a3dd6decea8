"""The lines that `ics up` prints once every page can be served."""

from collections.abc import Sequence

from deploy.demo.people import ACCOUNTS, DEMO_PASSWORD


def welcome(address: str, *, demo: bool, mail_page: bool, accounts: Sequence[str] = ()) -> list[str]:
    """Return the lines. The first says where the pages are. `accounts` are the lines of those that were loaded."""
    ready = [f"Ready: {address}"]
    if not demo:
        return ready
    accounts = accounts or [f"  {each.email:<32} {each.level}" for each in ACCOUNTS]
    mail = [f"Each log-in asks for a PIN, which is on the mail page: {address}/demo/mail"] if mail_page else []
    return [*ready, "", f"Demo accounts, all with the password {DEMO_PASSWORD}", *accounts, "", *mail]
