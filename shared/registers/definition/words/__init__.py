"""The label catalogue: what pages say, by stable keys. A register says only what differs from the house's words."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import Gaps, Part
from shared.registers.definition.words.accounts import (
    AccountWords,
    AdministrationWords,
    HelpWords,
    LoginWords,
    PageWords,
    PasswordWords,
    PinWords,
    ProblemWords,
    PublicWords,
    RegistrationWords,
    ReminderWords,
    SessionWords,
)
from shared.registers.definition.words.keeping import CaseTextWords, RatingLineWords, ReversalWords
from shared.registers.definition.words.mails import MailListWords
from shared.registers.definition.words.records import (
    ArchiveWords,
    ConflictWords,
    DateWords,
    DraftWords,
    DuplicateWords,
    FormWords,
    HistoryWords,
    HoldingWords,
    HomeWords,
    NoteWords,
    OutcomeWords,
    RecordListWords,
    RecordWords,
    ReportingWords,
    TableWords,
    WorkbookWords,
)
from shared.registers.definition.words.settings import SettingWords
from shared.registers.definition.words.users import (
    AddressWords,
    AddUserWords,
    ProposalWords,
    UserListWords,
    UserWords,
)
from shared.registers.definition.words.work import TaskWords
from shared.values import Wrong

_FAULT_GAPS: dict[Wrong, tuple[str, ...]] = {
    Wrong.TOO_LONG: ("label", "most", "count"),
    Wrong.DATE_ORDER: ("label", "other"),
    Wrong.POSTCODE_LOOKALIKE: ("label", "suggestion"),
}


def _every_fault(words: dict[Wrong, str]) -> dict[Wrong, str]:
    missing = [wrong.value for wrong in Wrong if wrong not in words]
    if missing:
        raise ValueError(f"is missing {', '.join(missing)}")
    for wrong, text in words.items():
        Gaps(*_FAULT_GAPS.get(wrong, ("label",)))(text)
    return words


class Words(Part):
    """The whole catalogue: one group for each page or part of a page."""

    account: AccountWords
    add_user: AddUserWords
    addresses: AddressWords
    administration: AdministrationWords
    archive: ArchiveWords
    case_text: CaseTextWords
    conflict: ConflictWords
    dates: DateWords
    draft: DraftWords
    duplicate: DuplicateWords
    faults: Annotated[dict[Wrong, str], AfterValidator(_every_fault)]
    form: FormWords
    help: HelpWords
    history: HistoryWords
    holding: HoldingWords
    home: HomeWords
    login: LoginWords
    mails: MailListWords
    notes: NoteWords
    outcome: OutcomeWords
    page: PageWords
    password: PasswordWords
    pin: PinWords
    problem: ProblemWords
    proposals: ProposalWords
    public: PublicWords
    rating_line: RatingLineWords
    record: RecordWords
    records: RecordListWords
    registration: RegistrationWords
    reminder: ReminderWords
    reporting: ReportingWords
    reversals: ReversalWords
    session: SessionWords
    settings: SettingWords
    table: TableWords
    tasks: TaskWords
    user: UserWords
    users: UserListWords
    workbook: WorkbookWords
