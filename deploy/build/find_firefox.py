"""
Find the Firefox that tests drive, or install the distribution's own, and print its path.

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
