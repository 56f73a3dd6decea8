"""
Find the LibreOffice that opens reports in the tests, or install the distribution's own, and print its path.

    python -m deploy.build.find_office
"""

from deploy.build.programs import TestProgram, say_path

OFFICE = TestProgram(
    "The tests that open reports as people do need LibreOffice Calc",
    ("soffice", "libreoffice"),
    "ICS_SOFFICE",
    "libreoffice-calc-nogui",
    ("--no-install-recommends",),
)

if __name__ == "__main__":
    say_path(OFFICE)
