"""
Find the Chromium that the browser tests drive, or install the distribution's own, and print its path.

    python -m deploy.build.find_chromium
"""

from deploy.build.programs import TestProgram, say_path

# The headless shell comes first: it is the same engine without windows, and needs less than half the work.
CHROMIUM = TestProgram(
    "The browser tests need Chromium or Google Chrome",
    ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "ICS_CHROMIUM",
    "chromium-headless-shell",
)

if __name__ == "__main__":
    say_path(CHROMIUM)
