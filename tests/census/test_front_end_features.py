"""Checks that five browsers, two years before the date of the data, had every feature that the front end uses."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.census import tree
from tests.census.features.pages import in_template
from tests.census.features.reading import Use
from tests.census.features.scripts import in_script
from tests.census.features.styles import in_style_sheet
from tests.census.features.support import Support, support

Reader = Callable[[str, Support], Iterator[Use]]
READERS: dict[str, Reader] = {".js": in_script, ".css": in_style_sheet, ".html": in_template}
OURS = (Path("gateway/assets/source"), Path("gateway/templates"))

# Features that some browser may lack, and what its users then miss.
DISPENSABLE = {
    "api.fetch.options_parameter.keepalive": "a draft that is saved while its page is left may come too late",
    "api.IdentityCredential.token": "not the browser's: a field of what our session answers",
    "css.properties.field-sizing": "long answers scroll in their box, on paper they may be cut as they were before",
    "css.properties.field-sizing.content": "as field-sizing",
    "css.properties.print-color-adjust": "the bands behind a line are printed as the user's own setting says",
    "css.properties.print-color-adjust.exact": "as print-color-adjust",
    "css.selectors.details-content": "the table beside a line is printed if it was opened",
    "html.global_attributes.autocapitalize": "a capital at the start of an address, which is taken all the same",
    "javascript.builtins.Temporal.Duration.seconds": "not the browser's: a field of what our session answers",
}


def _front_end() -> list[Path]:
    return [path for path in tree.files(*READERS) if any(path.is_relative_to(folder) for folder in OURS)]


def _missing(path: Path, text: str) -> Iterator[tuple[str, str]]:
    """Yield the key and a sentence for each use that not every browser supports."""
    known = support()
    for used in READERS[path.suffix](text, known):
        lacking = {key: known.lacking(key) for key in used.keys}
        if all(lacking.values()):
            key = min(lacking, key=lambda each: len(lacking[each]), default="")
            browsers = ", ".join(lacking[key]) if key else "nobody knows it"
            yield key, f"{path}:{used.line}: {used.written} ({key or 'no such feature'}): {browsers}"


@pytest.mark.slow
@pytest.mark.requirement("R-DSR-015")
def test_each_of_the_five_browsers_has_everything_that_the_front_end_uses() -> None:
    missing = [each for path in _front_end() for each in _missing(path, tree.text(path))]

    assert [] == [said for key, said in missing if key not in DISPENSABLE]
    assert set(DISPENSABLE) == {key for key, _ in missing if key in DISPENSABLE}


@pytest.mark.requirement("R-DSR-015")
@pytest.mark.parametrize(
    ("name", "text", "key"),
    [
        ("interface.js", "new CloseWatcher();", "api.CloseWatcher"),
        ("global.js", "scheduler.yield();", "api.scheduler"),
        ("method.js", "button.form.startViewTransition();", "api.Document.startViewTransition"),
        ("static.js", "Promise.try(save);", "javascript.builtins.Promise.try"),
        ("option.js", 'fetch("/", { keepalive: true });', "api.fetch.options_parameter.keepalive"),
        ("event.js", 'dialog.addEventListener("command", stay);', "api.HTMLElement.command_event"),
        ("selector.js", "document.querySelector(`${main}:open`);", "css.selectors.open"),
        ("syntax.js", "using file = open();", "javascript.statements.using"),
        ("new-syntax.js", "const [one] = do { 1 };", ""),
        ("pattern.js", "const yes = /(?i:yes)/;", "javascript.regular_expressions.modifier"),
        ("property.css", ".a { interpolate-size: allow-keywords; }", "css.properties.interpolate-size"),
        ("value.css", ".a { text-wrap: pretty; }", "css.properties.text-wrap.pretty"),
        ("function.css", ".a { width: calc-size(auto, size); }", "css.types.calc-size"),
        ("rule.css", "@function --double() { result: 2px; }", "css.at-rules.function"),
        ("pseudo.css", ".a::details-content { color: red; }", "css.selectors.details-content"),
        ("misspelt.css", ".a { colour: red; }", ""),
        ("element.html", "<selectedcontent></selectedcontent>", "html.elements.selectedcontent"),
        (
            "attribute.html",
            '<dialog {% if open %}open {% endif %}closedby="any"></dialog>',
            "html.elements.dialog.closedby",
        ),
        ("attribute-of-all.html", '<p anchor="a"></p>', "html.global_attributes.anchor"),
    ],
)
def test_a_feature_that_one_of_them_lacks_is_found(name: str, text: str, key: str) -> None:
    assert key in {found for found, _ in _missing(Path(name), text)}
