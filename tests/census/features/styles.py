"""Finds what a style sheet uses: properties, values, functions, units, at-rules and selectors."""

from collections.abc import Iterator

import tree_sitter_css
from tree_sitter import Language, Node, Parser

from tests.census.features.reading import Use, nodes, parents, use, words
from tests.census.features.support import Support

PARSER = Parser(Language(tree_sitter_css.language()))
AT_RULES = {
    "media_statement": "media",
    "supports_statement": "supports",
    "import_statement": "import",
    "keyframes_statement": "keyframes",
    "charset_statement": "charset",
    "namespace_statement": "namespace",
    "scope_statement": "scope",
}
FORMERLY = {"hsla": "hsl", "rgba": "rgb"}
DYNAMIC_UNITS = {f"{size}{side}" for size in "sld" for side in ("vw", "vh", "vi", "vb", "vmin", "vmax")}


def in_style_sheet(text: str, support: Support) -> Iterator[Use]:
    for node in nodes(PARSER.parse(text.encode()).root_node):
        yield from _of(node, support)


def in_selector(text: str, support: Support) -> Iterator[Use]:
    return in_style_sheet(f"{text} {{}}", support)


def _of(node: Node, support: Support) -> Iterator[Use]:
    kind = node.type
    if kind == "ERROR" or node.is_missing:
        yield use(node, [])
    elif kind == "declaration":
        yield from _of_declaration(node, support)
    elif kind in ("pseudo_class_selector", "pseudo_element_selector"):
        yield from _of_pseudo(node, support)
    elif kind in ("unit", "function_name"):
        yield from _of_value(node, support)
    else:
        yield from _of_rule(node, support)


def _of_rule(node: Node, support: Support) -> Iterator[Use]:
    kind = node.type
    if kind in AT_RULES:
        yield use(node, [f"css.at-rules.{AT_RULES[kind]}"], f"@{AT_RULES[kind]}")
    elif kind == "at_keyword":
        yield use(node, support.known(f"css.at-rules.{words(node)[1:]}"))
    elif kind == "feature_name":
        yield use(node, support.known(f"css.at-rules.media.{_without_bounds(words(node))}"))
    elif kind == "nesting_selector" or (kind == "rule_set" and any(each.type == kind for each in parents(node))):
        yield use(node, ["css.selectors.nesting"], "nesting")


def _without_bounds(feature: str) -> str:
    return feature.removeprefix("min-").removeprefix("max-")


def _of_pseudo(node: Node, support: Support) -> Iterator[Use]:
    """Yield the pseudo-class or pseudo-element of a selector, whose name follows the last colon."""
    colons = [place for place, each in enumerate(node.children) if each.type in (":", "::")]
    name = node.children[colons[-1] + 1]
    yield use(name, support.known(f"css.selectors.{words(name).partition('(')[0]}"), f":{words(name)}")


def _of_declaration(node: Node, support: Support) -> Iterator[Use]:
    """Yield the uses of a declaration. A value that the data does not know counts as being as old as its property."""
    name = words(node.children[0])
    if name.startswith("--"):
        return
    yield use(node, support.known(f"css.properties.{name}"), name)
    for value in node.children:
        if value.type == "plain_value" and (keys := support.known(f"css.properties.{name}.{words(value)}")):
            yield use(value, keys, f"{name}: {words(value)}")


def _of_value(node: Node, support: Support) -> Iterator[Use]:
    name = FORMERLY.get(words(node), words(node))
    if name in DYNAMIC_UNITS:
        yield use(node, ["css.types.length.viewport_percentage_units_dynamic"])
    elif keys := [key for key in support.named.get(name, []) if key.startswith(("css.types.", "css.properties."))]:
        yield use(node, keys)
    elif node.type == "function_name":
        yield use(node, [])
