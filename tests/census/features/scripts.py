"""Finds what a script uses: syntax, browser names, members of objects, options of calls, events and selectors."""

import re
from collections.abc import Iterator

import tree_sitter_javascript
from tree_sitter import Language, Node, Parser

from tests.census.features.reading import Use, nodes, parents, use, words
from tests.census.features.styles import in_selector
from tests.census.features.support import Support

PARSER = Parser(Language(tree_sitter_javascript.language()))

# Syntax with its key in the data, followed by syntax that is older than all of it. Add a new kind of syntax here first.
SYNTAX = {
    "&&=": "javascript.operators.logical_and_assignment",
    "**": "javascript.operators.exponentiation",
    "??": "javascript.operators.nullish_coalescing",
    "??=": "javascript.operators.nullish_coalescing_assignment",
    "||=": "javascript.operators.logical_or_assignment",
    "array_pattern": "javascript.operators.destructuring",
    "arrow_function": "javascript.functions.arrow_functions",
    "assignment_pattern": "javascript.functions.default_parameters",
    "async": "javascript.statements.async_function",
    "await_expression": "javascript.operators.await",
    "class_static_block": "javascript.classes.static.initialization_blocks",
    "export_statement": "javascript.statements.export",
    "field_definition": "javascript.classes.public_class_fields",
    "import": "javascript.statements.import",
    "import_attribute": "javascript.statements.import.import_attributes",
    "lexical_declaration": "javascript.statements.const",
    "object_pattern": "javascript.operators.destructuring",
    "optional_chain": "javascript.operators.optional_chaining",
    "private_property_identifier": "javascript.classes.private_class_fields",
    "rest_pattern": "javascript.functions.rest_parameters",
    "spread_element": "javascript.operators.spread",
    "template_string": "javascript.grammar.template_literals",
    "using": "javascript.statements.using",
}
OLDER = """
    arguments array assignment_expression augmented_assignment_expression binary_expression break_statement
    call_expression catch_clause class class_body class_declaration class_heritage comment continue_statement
    else_clause escape_sequence expression_statement false finally_clause for_in_statement for_statement
    formal_parameters function_declaration function_expression identifier if_statement import_clause
    import_specifier import_statement member_expression method_definition named_imports new_expression null number
    object pair pair_pattern parenthesized_expression program property_identifier regex regex_flags regex_pattern
    return_statement shorthand_property_identifier shorthand_property_identifier_pattern statement_block string
    string_fragment super subscript_expression template_substitution ternary_expression this throw_statement true
    try_statement unary_expression undefined update_expression variable_declarator while_statement
"""
OLD = frozenset(OLDER.split())
FLAGS = {"d": "hasIndices", "s": "dotAll", "u": "unicode", "v": "unicodeSets", "y": "sticky"}
IN_PATTERN = {
    r"\(\?<[=!]": "lookbehind_assertion",
    r"\(\?<\w": "named_capturing_group",
    r"\\[pP]\{": "unicode_character_class_escape",
    r"\(\?[ims]*-?[ims]+:": "modifier",
}

INSTANCES = {"document": "Document", "history": "History", "navigator": "Navigator", "window": "Window"}
TAKE_SELECTORS = {"closest", "matches", "querySelector", "querySelectorAll"}
DECLARING = {"arrow_function", "catch_clause", "formal_parameters", "function_declaration", "import_specifier"}
FUNCTIONS = {"arrow_function", "function_declaration", "function_expression", "method_definition"}
PATTERNS = {"array_pattern", "assignment_pattern", "for_in_statement", "rest_pattern", "variable_declarator"}


def in_script(text: str, support: Support) -> Iterator[Use]:
    every = list(nodes(PARSER.parse(text.encode()).root_node))
    own = {words(node) for node in every if _is_declared_here(node)}
    for node in every:
        yield from _syntax(node)
        yield from _names(node, own, support)
        yield from _in_call(node, support)


def _is_declared_here(node: Node) -> bool:
    above = node.parent
    if node.type == "shorthand_property_identifier_pattern":
        return True
    if node.type != "identifier" or above is None:
        return False
    if above.type in DECLARING:
        return above.child_by_field_name("body") != node
    named = above.child_by_field_name("name") or above.child_by_field_name("left")
    return above.type in PATTERNS and named in (None, node)


# -------------------------------------------------------------------------------------------------------------- syntax
def _syntax(node: Node) -> Iterator[Use]:
    kind = node.type
    if kind in SYNTAX:
        yield use(node, [SYNTAX[kind]], kind)
    elif kind == "ERROR" or node.is_missing or (node.is_named and kind not in OLD):
        yield use(node, [], f"{kind} {words(node)}")
    if kind == "await_expression" and not any(each.type in FUNCTIONS for each in parents(node)):
        yield use(node, ["javascript.operators.await.top_level"], "await outside a function")
    elif kind == "regex_flags":
        yield from (use(node, [f"javascript.builtins.RegExp.{FLAGS[flag]}"]) for flag in words(node) if flag in FLAGS)
    elif kind == "regex_pattern":
        for pattern, key in IN_PATTERN.items():
            if re.search(pattern, words(node)):
                yield use(node, [f"javascript.regular_expressions.{key}"])


# --------------------------------------------------------------------------------------------------------------- names
def _names(node: Node, own: set[str], support: Support) -> Iterator[Use]:
    if node.type == "identifier" and words(node) not in own:
        yield use(node, _of_the_browser(words(node), support))
    elif node.type == "member_expression":
        yield from _member(node, own, support)
    elif node.type == "shorthand_property_identifier_pattern" and (keys := support.members(words(node))):
        yield use(node, keys)


def _of_the_browser(name: str, support: Support) -> list[str]:
    return support.known(f"api.{name}", f"api.Window.{name}", f"javascript.builtins.{name}")


def _member(node: Node, own: set[str], support: Support) -> Iterator[Use]:
    """Yield the use of an object's member. A name that the data does not know is our own, such as a data attribute."""
    holder, name = node.child_by_field_name("object"), node.child_by_field_name("property")
    assert holder is not None
    assert name is not None
    if words(holder).endswith(".dataset"):
        return
    exact = [] if words(holder) in own else _exactly(words(holder), words(name), support)
    if keys := exact or support.members(words(name)):
        yield use(name, keys, words(node) if exact else f".{words(name)}")


def _exactly(holder: str, name: str, support: Support) -> list[str]:
    kind = INSTANCES.get(holder, holder)
    static = f"api.{kind}.{name}_static"
    return support.known(f"api.{kind}.{name}", static, f"javascript.builtins.{kind}.{name}")


# --------------------------------------------------------------------------------------------------------------- calls
def _in_call(node: Node, support: Support) -> Iterator[Use]:
    arguments = node.child_by_field_name("arguments")
    called = node.child_by_field_name("function") or node.child_by_field_name("constructor")
    if arguments is None or called is None:
        return
    name = words(called).rpartition(".")[2]
    first = next(iter(arguments.named_children), None)
    if name in TAKE_SELECTORS and first is not None:
        yield from _in_selector(first, support)
    elif name == "addEventListener" and first is not None:
        event = words(first).strip("'\"")
        if keys := [key for key in support.named.get(f"{event}_event", []) if key.startswith("api.")]:
            yield use(first, keys)
    yield from _options(arguments, name, support)


def _in_selector(first: Node, support: Support) -> Iterator[Use]:
    """Yield the uses of a selector. A part that a template string inserts counts as an element."""
    text = re.sub(r"\$\{[^}]*\}", "x", words(first)).strip("'\"`")
    for found in in_selector(text, support):
        yield Use(found.written, first.start_point.row + 1, found.keys)


def _options(arguments: Node, called: str, support: Support) -> Iterator[Use]:
    functions = [key for key in support.named.get(called, []) if key.startswith(("api.", "javascript.builtins."))]
    pairs = [pair for each in arguments.named_children if each.type == "object" for pair in each.named_children]
    for pair in pairs:
        name = pair.child_by_field_name("key") or pair
        forms = (f"options_parameter.{words(name)}", f"init_{words(name)}_parameter")
        if keys := support.known(*(f"{function}.{form}" for function in functions for form in forms)):
            yield use(name, keys, f"{called}({{ {words(name)} }})")
