"""The search and the order that lists of accounts share: all spellings of a name are found, and stand together."""

from shared.spelling import patterns_of, words_in

# What an older process stored has neither until the sweep, and is read as it is written.
IN_ORDER = "coalesce(account.sort_name, lower(account.last_name) || ' ' || lower(account.first_name)) COLLATE \"C\""
_WORDS = "coalesce(account.search, ' ' || lower(account.first_name || ' ' || account.last_name))"
MATCHES = f"({{search}} = '' OR {_WORDS} LIKE ALL({{each}}::text[]) OR {_WORDS} LIKE ALL({{joined}}::text[]))"
"""The condition of a search by name, to be formatted with the places of what `search_parameters` returns."""


def search_parameters(search: str) -> tuple[str, tuple[str, ...] | None, tuple[str, ...] | None]:
    """Return the search, the patterns of its words, and those with short words joined. Without words nobody matches."""
    patterns = patterns_of(words_in(search))
    return (search, patterns.each, patterns.joined) if patterns else (search, None, None)
