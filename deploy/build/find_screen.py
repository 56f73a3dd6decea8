"""
Find Xvfb, the virtual screen for WebKit's window, or install the distribution's own, and print its path.

    python -m deploy.build.find_screen
"""

from deploy.build.programs import TestProgram, say_path

SCREEN = TestProgram(
    "The tests in WebKit need Xvfb, a screen that nobody sees",
    ("Xvfb",),
    "ICS_XVFB",
    "xvfb",
    ("--no-install-recommends",),
    question="-help",
)

if __name__ == "__main__":
    say_path(SCREEN)
