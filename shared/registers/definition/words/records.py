"""What the pages about records say."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import ContactText, CountText, Gaps, NameText, Part, Text, Texts, WhoWhenText


class TableWords(Part):
    """Long tables with pages and a search."""

    show: Text
    entries: Text
    search: Text
    go: Text
    showing: Annotated[str, AfterValidator(Gaps("first", "last", "total"))]
    showing_none: Text
    no_matches: Text
    more_matches: CountText
    previous: Text
    next: Text
    pages: Text
    page: CountText


class HomeWords(Part):
    """The page after logging in."""

    heading: Text
    welcome: NameText
    drafts: Text
    urgent: Text
    nothing_urgent: Text
    submit: Text
    records: Text
    reporting: Text
    administration: Text
    no_role: Text


class SortWords(Part):
    """The orders that a list can be put in, each in words."""

    updated: Text
    updated_turned: Text
    rating: Text
    rating_turned: Text
    name: Text
    name_turned: Text
    created: Text
    created_turned: Text


class RecordListWords(Part):
    """The list of records."""

    heading: Text
    intro: Text | None = None
    view: Text
    outcomes: Text
    empty: Text
    add_first: Text
    rated: Annotated[str, AfterValidator(Gaps("when"))]
    narrow: Text
    apply: Text
    chosen: Text
    chip: Annotated[str, AfterValidator(Gaps("label", "choice"))]
    remove: Text
    clear: Text
    none_left: Text
    showing_more: Annotated[str, AfterValidator(Gaps("first", "last", "count"))]
    sort: Text
    unsorted: CountText
    sorts: SortWords


class RecordWords(Part):
    """One record: its tabs, its buttons, what is said after a save. Its heading is the form's."""

    heading: Text
    tab: Text
    history_tab: CountText
    notes_tab: CountText
    banner: Annotated[str, AfterValidator(Gaps("name", "born", "postcode"))]
    organisation: Annotated[str, AfterValidator(Gaps("name", "domain"))]
    reference: Text
    required_note: Text
    create: Text
    update: Text
    updated: Text
    reviewed: Text
    reviewed_done: Text
    reviewed_typed: Text
    unchanged: Text
    needs_consent: Text
    read_only: Text
    ended: Text
    gone_heading: Text
    gone: Text
    crisis: Text
    open_added: Text
    copy_heading: Text


class HoldingWords(Part):
    """Who holds a record and who covers it."""

    heading: Text
    change: Text
    intro: Texts
    held_by: Text
    covered_by: Text
    days: Annotated[str, AfterValidator(Gaps("name", "first", "last"))]
    no_cover: Text
    find_heading: Text
    find: Text
    find_hint: Text
    find_button: Text
    found_one: Text
    found: CountText
    nobody: Text
    more: CountText
    holder_heading: Text
    holder: Text
    holder_missing: Text
    assign: Text
    assigned: Text
    cover_heading: Text
    cover: Text
    cover_missing: Text
    first_day: Text
    first_missing: Text
    last_day: Text
    last_missing: Text
    add_cover: Text
    cover_added: Text
    end: Text
    ended: Text
    already_holds: Text
    holder_changed: Text
    is_holder: Text
    already_covers: Text
    not_a_colleague: Text
    past: Text
    order: Text
    too_long: Text
    too_many: Text
    so_far: Text
    who: Text
    named: Text
    over: Text
    was_holder: NameText
    was_cover: NameText
    by: WhoWhenText
    older: CountText


class HistoryWords(Part):
    """The versions of a record."""

    heading: Text
    changed: WhoWhenText
    reviewed: WhoWhenText
    archived: WhoWhenText
    reinstated: WhoWhenText
    question: Text
    before: Text
    after: Text
    older: Text
    empty: Text
    created: WhoWhenText


class NoteWords(Part):
    """Notes on a record."""

    heading: Text
    label: Text
    button: Text
    added: Text
    missing: Text
    too_long: Text
    older: Text
    empty: Text
    written: WhoWhenText


class DraftWords(Part):
    """What was typed and not yet sent. A draft is offered, never filled in by itself."""

    heading: Text
    found: WhoWhenText
    unnamed: Text
    label: Text
    state: Annotated[str, AfterValidator(Gaps("when"))]
    carry_on: Text
    discard: Text
    start_new: Text
    save: Text
    note: CountText
    saved: Text
    saved_at: Annotated[str, AfterValidator(Gaps("when"))]
    not_saved: Text
    closed: Text
    too_many: CountText
    too_big: Text
    no_consent: Text
    discard_heading: Text
    discard_lead: Text
    keep: Text
    discarded: Text


class ConflictWords(Part):
    """Two people changed one record at once."""

    heading: Text
    intro: Texts
    question: Text
    before: Text
    yours: Text
    theirs: Text
    keep_yours: Text
    keep_theirs: Text


class DuplicateWords(Part):
    """A record that is on the register already, or looks like it: to who adds it, to the team, and on the record."""

    message: Text
    link: Text
    ask: ContactText
    heading: Text
    intro: Texts
    name: Text
    rating: Text
    created: Text
    open: Text
    add: Text
    go_back: Text
    ended: Text
    team_heading: Text
    team_intro: Texts
    found: Annotated[str, AfterValidator(Gaps("when"))]
    compared: Text
    result: Text
    same: Text
    different: Text
    unknown: Text
    link_them: Text
    dismiss_them: Text
    linked: Text
    dismissed: Text
    linked_before: WhoWhenText
    dismissed_before: WhoWhenText
    empty: Text
    waiting: CountText
    also: Annotated[str, AfterValidator(Gaps("reference", "organisation"))]
    also_rated: Annotated[str, AfterValidator(Gaps("reference", "organisation", "rating"))]
    highest: Annotated[str, AfterValidator(Gaps("rating"))]


class OutcomeWords(Part):
    """Recording an outcome."""

    home_tab: Text
    tab: CountText
    save: Text
    save_and_archive: Text
    saved: Text
    empty: Text
    recorded: WhoWhenText
    ended: Text
    reversed: Text
    not_saved: Text
    changed: Text
    archiving: Text


class ArchiveWords(Part):
    """The confirmation before a record is archived."""

    heading: Text
    lead: Text
    impacts: Texts
    confirm: Text
    cancel: Text
    archived: Text
    pending: Text


class ReportingWords(Part):
    """The dashboard and the reports."""

    heading: Text
    intro: Text | None = None
    as_at: Annotated[str, AfterValidator(Gaps("when"))]
    apply: Text
    panel: Text
    select_report: Text
    report_missing: Text
    filters: Text
    filter_unknown: Text
    generate: Text
    too_many: Text
    warning_heading: Text
    warning: Texts
    count: Text
    yours: Text
    asked: Text
    state: Text
    queued: Text
    preparing: Text
    progress: Annotated[str, AfterValidator(Gaps("done", "total"))]
    ready: Text
    download: Text
    kept_until: Annotated[str, AfterValidator(Gaps("when"))]
    failed: Text
    stop: Text
    stopped: Text
    expired: Text
    back: Text
    age_not_known: Text
    definition: Text
    week: Text
    so_far: Text
    weeks_picture: Text
    weeks_definition: Text


class ColumnMeanings(Part):
    """What the columns mean that no question explains."""

    reference: Text
    organisation: Text
    created: Text
    created_by: Text
    updated: Text
    rated: Text
    archived: Text
    outcome_recorded: Text
    outcome_recorded_by: Text


class WorkbookWords(Part):
    """A report as a workbook: the columns that no question names, and the sheet that says what everything means."""

    reference: Text
    created: Text
    created_by: Text
    updated: Text
    rated: Text
    archived: Text
    outcome_recorded: Text
    outcome_recorded_by: Text
    continued: Annotated[str, AfterValidator(Gaps("reference"))]
    age_not_known: Text
    definitions: Text
    summary: Text
    report: Text
    as_at: Text
    made_for: Text
    organisations: Text
    records: Text
    filters: Text
    everything: Text
    column: Text
    section: Text
    meaning: Text
    own_column: Text
    meanings: ColumnMeanings
    answers: Annotated[str, AfterValidator(Gaps("answers"))]
    continued_meaning: Text
    holders: Text
    warning: Text


class DateWords(Part):
    """The three boxes of a date."""

    hint: Text


class FormWords(Part):
    """What forms say beside the register's own questions."""

    choose: Text
    mistaken_heading: Text
    mistaken: Text
    start_again: Text
    unknown_question: Text
    no_organisation: Text
    sent_before: Text
