"""What the pages about accounts, and those that every register has, say."""

from typing import Annotated

from pydantic import AfterValidator

from shared.registers.definition.base import ContactText, CountText, Gaps, MinutesText, NameText, Part, Text, Texts


class PageWords(Part):
    """On every page."""

    problem: Text
    signed_in: NameText
    copyright: Annotated[str, AfterValidator(Gaps("year"))]
    back: Text
    cancel: Text
    save: Text
    yes: Text
    no: Text
    today: Text
    yesterday: Text
    days_ago: CountText
    not_recorded: Text


class PublicWords(Part):
    """The public home page."""

    register_button: Text
    login_button: Text


class RegistrationWords(Part):
    """Registering an account. `refused` is for an address outside the accepted domains."""

    heading: Text
    first_name: Text
    last_name: Text
    email_address: Text
    button: Text
    first_name_missing: Text
    last_name_missing: Text
    email_address_missing: Text
    email_address_wrong: Text
    done_heading: Text
    done: Texts
    refused_heading: Text
    refused: tuple[ContactText, ...]
    closed_heading: Text
    closed: tuple[ContactText, ...]


class LoginWords(Part):
    """Logging in and out."""

    heading: Text
    email_address: Text
    password: Text
    button: Text
    forgot: Text
    incorrect: Text
    email_address_missing: Text
    password_missing: Text
    logged_out: Text
    timed_out: Text
    ended: Text
    carry_on: Text


class ReminderWords(Part):
    """Asking for a temporary password. The answer is the same whether or not the address is known."""

    heading: Text
    email_address: Text
    button: Text
    back: Text
    sent: Texts
    not_received: Text


class PinWords(Part):
    """The code that is mailed at every log-in."""

    heading: Text
    sent: Text
    enter: Text
    label: Text
    placeholder: Text
    verify: Text
    cancel: Text
    missing: Text
    refused: Text
    not_received: Text
    check_junk: Text
    send_again: Text
    sent_again: Text
    too_soon: Text
    tries_left: CountText
    over: Text


class PasswordWords(Part):
    """Changing one's password. The rule beneath comes from the password policy in force."""

    heading: Text
    current: Text
    new: Text
    confirm: Text
    current_hint: Text
    new_hint: Text
    confirm_hint: Text
    show: Text
    hide: Text
    button: Text
    changed: Text
    must_change: Text
    current_wrong: Text
    current_missing: Text
    unchanged: Text
    not_equal: Text
    new_missing: Text


class AccountWords(Part):
    """A person's own page."""

    heading: Text
    organisation: Text
    role: Text
    sessions: Text
    end_session: Text


class SessionWords(Part):
    """The warning before a session ends for want of use."""

    heading: Text
    warning: MinutesText
    last_minute: Text
    stay: Text
    draft_kept: Text
    note: MinutesText
    ended_heading: Text
    ended: Text
    log_in: Text
    back_in: Text
    not_yet: Text
    somebody_else: Text


class AdministrationWords(Part):
    """What Administration offers."""

    heading: Text
    manage_users: Text
    manage_users_note: Text
    organisations: Text
    organisations_note: Text
    settings_note: Text
    mails_note: Text
    reversals_note: Text
    organisation: Text
    email_domain: Text
    accepted: Text
    accepted_lead: Text


class HelpWords(Part):
    """The help page's frame; its topics belong to the register."""

    heading: Text
    contact: ContactText


class ProblemWords(Part):
    """What is said where something is not to be had."""

    unavailable_heading: Text
    unavailable: Texts
    uncertain_heading: Text
    uncertain: Texts
