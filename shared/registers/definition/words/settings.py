"""What the pages say on which administrators reword a register: its lists, its guidance, its home page."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import CountText, Gaps, Part, Text, Texts

LabelText = Annotated[str, AfterValidator(Gaps("label"))]


class ListEditWords(Part):
    """Editing a list. `must_stay` is said of an option that a rule depends on, by the label of what follows it."""

    heading: LabelText
    lead: Texts
    option: CountText
    new_option: CountText
    label: Text
    place: Text
    retire: Text
    retired: LabelText
    must_stay: LabelText
    add_more: Text
    label_missing: Text
    label_twice: LabelText
    place_wrong: Text
    none_left: Text
    added: Text
    reworded: Text
    order: Text


class TextEditWords(Part):
    """Editing the home page, or the guidance beside a question."""

    home_heading: Text
    home_lead: Texts
    heading: Text
    heading_missing: Text
    paragraphs: Text
    paragraphs_hint: Text
    paragraphs_missing: Text
    link_lead: Text
    link_text: Text
    link_address: Text
    link_hint: Text
    link_missing: Text
    link_wrong: Text
    guidance_heading: LabelText
    guidance_lead: Texts
    topic: CountText
    topic_lines: CountText
    topic_hint: Text
    topic_missing: Text
    lines_missing: Text
    none_left: Text


class SettingWords(Part):
    """What may be reworded, what was, and publishing it."""

    heading: Text
    lead: Texts
    needs_all: Text
    change: Text
    carry_on: Text
    braces: LabelText
    too_long: Text
    unchanged: Text
    invalid: Text
    check_heading: Text
    check_lead: Text
    what: Text
    preview: Text
    publish: Text
    go_back: Text
    published: Text
    conflict_heading: Text
    conflict: Texts
    in_force: Text
    yours: Text
    publish_mine: Text
    keep_theirs: Text
    history: Text
    when: Text
    who: Text
    never: Text
    older: Text
    lists: ListEditWords
    texts: TextEditWords
