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


class RecordListWords(Part):
    """The list of records."""

    heading: Text
    intro: Text | None = None
    view: Text
    outcomes: Text
    empty: Text
    add_first: Text
    rated: Annotated[str, AfterValidator(Gaps("when"))]


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
    unchanged: Text
    needs_consent: Text
    read_only: Text
    ended: Text
    gone_heading: Text
    gone: Text
    crisis: Text
    open_added: Text
    copy_heading: Text


class HistoryWords(Part):
    """The versions of a record."""

    heading: Text
    changed: WhoWhenText
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
    """A record that is on the register already."""

    message: Text
    link: Text
    ask: ContactText


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


class TaskWords(Part):
    """The work list: what urgent records wait for."""

    heading: Text
    opened: Annotated[str, AfterValidator(Gaps("when"))]
    acknowledge: Text
    seen_by: WhoWhenText
    not_seen: Text
    overdue: Text
    done: Text
    empty: Text


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
    report: Text
    as_at: Text
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
    warning: Text


class DateWords(Part):
    """The three boxes of a date."""

    day: Text
    month: Text
    year: Text
    hint: Text


class FormWords(Part):
    """What forms say beside the register's own questions."""

    choose: Text
    refused_heading: Text
    unknown_question: Text
    no_organisation: Text
    sent_before: Text
