"""
Finds the Chromium that the browser tests drive, and prints its path; installs the distribution's own if there is none.

    python -m deploy.find_chromium
"""

from deploy.finding import Program, say_path

CHROMIUM = Program(
    "The browser tests need Chromium or Google Chrome",
    ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    "ICS_CHROMIUM",
    "chromium",
)

if __name__ == "__main__":
    say_path(CHROMIUM)
