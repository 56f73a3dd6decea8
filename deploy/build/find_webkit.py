"""
Find the WebKit that tests drive by WebDriver, or install the distribution's own, and print its path.

    python -m deploy.build.find_webkit
"""

from deploy.build.programs import TestProgram, say_path

WEBKIT = TestProgram(
    "The tests in WebKit, Safari's engine, need WebKitGTK with its WebDriver",
    ("WebKitWebDriver",),
    "ICS_WEBKIT",
    "webkit2gtk-driver",
    ("--no-install-recommends",),
    question="--help",
)

if __name__ == "__main__":
    say_path(WEBKIT)
