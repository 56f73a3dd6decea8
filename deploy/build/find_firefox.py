"""
Finds the Firefox that tests drive, and prints its path; installs the distribution's own if need be.

    python -m deploy.build.find_firefox
"""

from deploy.build.programs import TestProgram, say_path

FIREFOX = TestProgram(
    "The tests in Firefox need it",
    ("firefox-esr", "firefox"),
    "ICS_FIREFOX",
    "firefox-esr",
    ("--no-install-recommends",),
)

if __name__ == "__main__":
    say_path(FIREFOX)
