"""No command saves over what another page saved: each names what its page showed, or changes nothing that is there."""

from collections.abc import Iterator

import pytest

from shared import contracts
from shared.contracts.referrals.drafts import SaveDraft
from shared.messages import Command, Message, Request

# Command → the field that says which version the page showed. The service refuses a command that is behind.
VERSIONED = {
    "ArchiveRecord": "version",
    "AssignHolder": "seen",
    "ChangeAccess": "version",
    "ChangeAction": "version",
    "CorrectName": "seen_name",
    "DecideAction": "version",
    "DecideEnding": "ends_on",
    "CancelMeeting": "version",
    "ChangeMeeting": "version",
    "DiscussTask": "version",
    "FinishArchive": "version",
    "HandOver": "seen",
    "PublishOverlay": "seen_version",
    "RecordOutcome": "version",
    "ReportAction": "version",
    "ReviewRecord": "version",
    "SaveAttendance": "version",
    "SaveMinutes": "version",
    "SaveSeries": "version",
    "SubmitRecord": "draft",
    "UpdateRecord": "version",
}
# Command → the code for the second of two users. Nothing of the first is changed.
FIRST_COUNTS = {
    "ActOnUser": "not_now",
    "AskReversal": "asked_before",
    "AssignAddress": "assigned_before",
    "DecideProposal": "decided",
    "DecideReversal": "decided",
    "ProposeAdministrator": "proposed_before",
    "StartUpload": "upload_open",
    "AddUser": "already_here",
    "AddCover": "already_covers",
    "AddItem": "on_agenda",
    "PlanMeeting": "already_planned",
    "RemoveItem": "not_found",
}
# These add a row, or leave the same behind however often they are carried out, and by which user.
CHANGES_NOTHING = {
    "AcknowledgeTask",
    "AddAction",
    "AddAddendum",
    "AddNote",
    "CancelUpload",
    "CloseMeeting",
    "DecideDuplicate",
    "DeclareInterest",
    "EndCover",
    "FinishUpload",
    "FollowUpAction",
    "JoinRegister",
    "MapUpload",
    "NameConsentAuthority",
    "ProcessUpload",
    "RecordPlanTold",
    "RefuseArchive",
    "SendAgain",
    "StartMeeting",
    "StartReport",
    "StopReport",
    "TakeBackAddress",
}
BEHIND = {"conflict", "changed", "draft_changed"}


def commands(kind: type[Request[Message]] = Command) -> Iterator[type[Request[Message]]]:
    for each in kind.__subclasses__():
        if "subject" in vars(each) and each.__module__.startswith(contracts.__name__):
            yield each
        yield from commands(each)


KINDS = {each.__name__: each for each in commands()}


def test_every_command_says_how_it_meets_another_page() -> None:
    assert set(KINDS) == set(VERSIONED) | set(FIRST_COUNTS) | CHANGES_NOTHING
    assert len(KINDS) == len(VERSIONED) + len(FIRST_COUNTS) + len(CHANGES_NOTHING)


@pytest.mark.parametrize("name", VERSIONED)
def test_a_command_that_replaces_something_names_what_its_page_showed(name: str) -> None:
    assert VERSIONED[name] in KINDS[name].model_fields
    assert KINDS[name].refused_as() & BEHIND


@pytest.mark.parametrize("name", FIRST_COUNTS)
def test_the_second_of_two_is_told(name: str) -> None:
    assert FIRST_COUNTS[name] in KINDS[name].refused_as()


def test_a_draft_is_not_saved_without_saying_which_version_was_seen() -> None:
    assert SaveDraft.model_fields["seen"].is_required()
