"""What is said of a cell or row that cannot be loaded: what to do, and nothing of what is written there."""

from collections.abc import Mapping

from shared.values import ValueFault

# dates
NO_DATE = "This is not a date. Write it as 17/06/2022."
YEAR_ALONE = "This is a year without day and month. Write the whole date, such as 17/06/2022."
SHORT_YEAR = "Write the year with four digits: two could mean two different years."
DAY_OR_MONTH = "It is not clear which number is the day. Write the month as a word, such as 17 June 2022."
OTHER_ORDER = "Day and month are the other way round here than in the rest of the file. Correct the date."
SWAPPED = "A spreadsheet program may have swapped day and month here. Check the date, and write the month as a word."
CLOCK = "The time of day may move this date to the next day. Write the date without the time."
IN_FUTURE = "This date is in the future. Correct it."

# numbers
NINE_DIGITS = (
    "An NHS number has 10 digits, and this has 9. A spreadsheet program may have dropped a zero. Type it again."
)
DAMAGED_NUMBER = (
    "A spreadsheet program has shortened this number, so digits are lost. Format the column as text, and type it again."
)
LOST_ZERO = "This number has no 0 at its beginning. Format the column as text, and type the number again."
NO_RESULT = "The formula in this cell has an error or no result. Type the value in its place."

# texts, options, names
DAMAGED_TEXT = (
    "Some letters of this text are damaged. Type them again, and save the file as an Excel workbook or as UTF-8."
)
UNKNOWN_OPTION = "This is not one of the answers. Write one of: {options}."
UNKNOWN_OPTION_OF_MANY = "This is not one of the answers. The guide lists them."
RETIRED_OPTION = "This answer is no longer used. Choose another one."
WHOLE_NAME = "It is not clear which part is the last name. Write it as: last name, comma, first name."
NAME_AGAIN = "This name differs from the names in the other columns of this row. Correct one of them."
REFERENCE = (
    "This is not a reference of this register. Correct it, or leave it empty for someone who is not on the register."
)
NEVER_CLEARED = (
    "This answer cannot be cleared. Write the right answer, or leave the cell empty to keep the present one."
)

# rows
OUT_OF_PLACE = (
    "The cells of this row are not under their headings. Look for a missing or extra separator or quotation mark."
)
NOT_ASKED = "This is only asked when the answer to “{label}” fits. Answer that question too, or leave this cell empty."
REQUIRED = "This is needed. Fill it in."
NO_CONSENT = (
    "The register needs consent or the decision that replaces it, and this row does not have it. Leave the row out."
)
CONSENT_OPEN = "The register needs to know this before anyone is added. Fill it in."
CONTRADICTION = "This does not fit another answer of this row. Check these answers: {labels}."
CHECK_THE_YEAR = "This is very unlikely. Check the year. If it is right, add this person in the form."

OF_VALUES: Mapping[ValueFault, str] = {
    ValueFault.NHS_NUMBER: "An NHS number has 10 digits. Correct it, or leave the cell empty.",
    ValueFault.NHS_NUMBER_CHECK: "This is not a valid NHS number: a digit is wrong. Check it.",
    ValueFault.NHS_NUMBER_SPREADSHEET: DAMAGED_NUMBER,
    ValueFault.POSTCODE: "This is not a full postcode, such as ST4 4LJ. Correct it.",
    ValueFault.POSTCODE_LOOKALIKE: "This is not a postcode. A letter may stand for a digit. Correct it.",
    ValueFault.EMAIL: "This is not an email address. Correct it.",
    ValueFault.PHONE: "This is not a telephone number. Correct it.",
    ValueFault.TOO_LONG: "This text is too long. Shorten it to {most} characters.",
    ValueFault.CHARACTERS: DAMAGED_TEXT,
    ValueFault.UNKNOWN_OPTION: RETIRED_OPTION,
    ValueFault.REQUIRED: REQUIRED,
    ValueFault.REQUIRED_CHOICE: REQUIRED,
    ValueFault.ONE_ANSWER: "There is more than one answer here. Write one.",
    ValueFault.DATE_FUTURE: IN_FUTURE,
    ValueFault.DATE_LONG_AGO: "This date is too long ago. Check the year.",
    ValueFault.DATE_ORDER: "This date is before one that must come first. Check both.",
}
