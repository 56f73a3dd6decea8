"""
Finds the Chromium that the browser tests drive, and prints its path; installs the distribution's own if there is none.

    python -m deploy.build.find_chromium
"""

from deploy.build.programs import TestProgram, say_path

# Its headless shell comes first: the same engine without the windows that nobody sees, at less than half the work.
CHROMIUM = TestProgram(
    "The browser tests need Chromium or Google Chrome",
    ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "ICS_CHROMIUM",
    "chromium-headless-shell",
)

if __name__ == "__main__":
    say_path(CHROMIUM)
