"""The route table: every page with the permission it needs; any other address is not found."""

from gateway.pages import demo_mail, home, public
from gateway.pages.account import (
    app_step,
    joining,
    login,
    own_app,
    own_sessions,
    password,
    pin,
    registration,
    remembered,
    reminder,
    session,
)
from gateway.pages.actions import action_list, action_page, change_action, plan_told, record_actions
from gateway.pages.administration import index
from gateway.pages.administration.index import ADMINISTRATORS, WITH_CARDS
from gateway.pages.duplicates import pairs
from gateway.pages.loading import authority, decisions, guide, mapping, start, to_confirm, upload_page
from gateway.pages.mails import mail_list
from gateway.pages.meetings import (
    adding,
    agenda,
    attendance,
    interests,
    invitation,
    item_page,
    meeting_list,
    pack,
    planning,
    present,
    saving,
    series,
)
from gateway.pages.outcomes import outcomes, reversals
from gateway.pages.records import (
    case_text,
    download,
    drafts,
    edit,
    ended_list,
    ending,
    hand_over,
    holder,
    notes,
    reading_page,
    record_list,
    review,
    seen,
    submit,
    who_looked,
)
from gateway.pages.reporting import dashboard
from gateway.pages.reviews import due_list
from gateway.pages.settings import publish, settings_index
from gateway.pages.users import add_user, addresses, correct_name, locked, proposals, reset_app, user_list, user_page
from gateway.pages.work import work_list
from gateway.security.guard import ANYONE, PageRoute
from gateway.server.settings import GatewaySettings
from shared.permissions import Permission

PAGES: tuple[PageRoute, ...] = (
    PageRoute("GET", "/", public.start, ANYONE),
    PageRoute("GET", "/help/", public.general_help, ANYONE),
    PageRoute("GET", "/accessibility/", public.accessibility, ANYONE),
    PageRoute("GET", "/privacy/", public.privacy, ANYONE),
    PageRoute("GET", "/{register}/", public.public_home, ANYONE),
    PageRoute("GET", "/{register}/help/", public.register_help, ANYONE),
    PageRoute("GET", "/{register}/login/", login.login_page, ANYONE),
    PageRoute("POST", "/{register}/login/", login.log_in, ANYONE),
    PageRoute("GET", "/{register}/login/pin", pin.pin_page, ANYONE),
    PageRoute("POST", "/{register}/login/pin", pin.verify_pin, ANYONE),
    PageRoute("GET", "/{register}/login/app", app_step.app_page, ANYONE),
    PageRoute("POST", "/{register}/login/app", app_step.verify_app, ANYONE),
    PageRoute("GET", "/{register}/login/recovery", app_step.recovery_page, ANYONE),
    PageRoute("POST", "/{register}/login/recovery", app_step.verify_recovery, ANYONE),
    PageRoute("POST", "/{register}/login/resend", pin.resend_pin, ANYONE),
    PageRoute("POST", "/{register}/login/cancel", pin.cancel, ANYONE),
    PageRoute("GET", "/{register}/login/register/", registration.register_page, ANYONE),
    PageRoute("POST", "/{register}/login/register/", registration.register_account, ANYONE),
    PageRoute("GET", "/{register}/login/register/done", registration.registered_page, ANYONE),
    PageRoute("GET", "/{register}/login/reminder/", reminder.reminder_page, ANYONE),
    PageRoute("POST", "/{register}/login/reminder/", reminder.remind, ANYONE),
    PageRoute("GET", "/{register}/login/reminder/sent", reminder.reminded_page, ANYONE),
    PageRoute(
        "GET", "/{register}/account/password", password.password_page, Permission.USE_ACCOUNT, before_change=True
    ),
    PageRoute(
        "POST", "/{register}/account/password", password.change_password, Permission.USE_ACCOUNT, before_change=True
    ),
    PageRoute("GET", "/{register}/account/app", own_app.app_page, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("POST", "/{register}/account/app", own_app.begin, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("POST", "/{register}/account/app/confirm", own_app.confirm, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("GET", "/{register}/account/app/remove", own_app.remove_page, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("POST", "/{register}/account/app/remove", own_app.remove, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("GET", "/{register}/account/app/codes", own_app.renew_page, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("POST", "/{register}/account/app/codes", own_app.renew, Permission.USE_ACCOUNT, before_app=True),
    PageRoute("POST", "/{register}/account/join", joining.join_register, Permission.USE_ACCOUNT),
    PageRoute("POST", "/{register}/account/sessions/{session}/end", own_sessions.end_session, Permission.USE_ACCOUNT),
    PageRoute("POST", "/{register}/account/remembered/{device}/end", remembered.forget_browser, Permission.USE_ACCOUNT),
    PageRoute(
        "GET",
        "/{register}/account/session",
        session.tell_session,
        Permission.USE_ACCOUNT,
        before_change=True,
        is_data=True,
    ),
    PageRoute("POST", "/{register}/account/session", session.tell_session, Permission.USE_ACCOUNT, before_change=True),
    PageRoute("POST", "/{register}/logout", login.log_out, Permission.USE_ACCOUNT, before_change=True),
    PageRoute("GET", "/{register}/home/", home.home_page, Permission.USE_ACCOUNT),
    PageRoute("GET", "/{register}/records/", record_list.list_records, Permission.READ_RECORDS),
    PageRoute("POST", "/{register}/records/", record_list.search_records, Permission.READ_RECORDS),
    PageRoute("POST", "/{register}/records/download", download.download_list, Permission.READ_REPORTS),
    PageRoute("GET", "/{register}/records/new", drafts.new_record, Permission.SUBMIT_RECORD),
    PageRoute("POST", "/{register}/records/new", submit.submit_record, Permission.SUBMIT_RECORD),
    PageRoute("POST", "/{register}/records/new/draft", drafts.save_draft, Permission.SUBMIT_RECORD),
    PageRoute("GET", "/{register}/records/new/discard/{draft}/", drafts.ask_first, Permission.SUBMIT_RECORD),
    PageRoute("POST", "/{register}/records/new/discard/{draft}/", drafts.discard, Permission.SUBMIT_RECORD),
    PageRoute("GET", "/{register}/records/{record}/", reading_page.show_record, Permission.READ_RECORDS),
    PageRoute("GET", "/{register}/records/{record}/change/", edit.show_form, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/", edit.update_record, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/records/{record}/added/", submit.added, Permission.SUBMIT_RECORD),
    PageRoute("GET", "/{register}/records/{record}/text/", case_text.show_case_text, Permission.READ_RECORDS),
    PageRoute("GET", "/{register}/records/{record}/ending/", ending.show_decisions, Permission.READ_RECORDS),
    PageRoute("POST", "/{register}/records/{record}/ending/", ending.decide, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/review/", review.review_record, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/notes/", notes.add_note, Permission.ADD_NOTE),
    PageRoute("POST", "/{register}/records/{record}/seen/", seen.mark_seen, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/records/{record}/looked/", who_looked.show_looked, Permission.OVERSEE_PRIVACY),
    PageRoute("POST", "/{register}/records/{record}/looked/", who_looked.choose_looked, Permission.OVERSEE_PRIVACY),
    PageRoute("GET", "/{register}/hand-over/", hand_over.show_hand_over, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/hand-over/", hand_over.hand_over, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/records/{record}/holder/", holder.show_holder, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/holder/", holder.name_holder, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/holder/end", holder.end_cover, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/records/{record}/outcomes/", outcomes.show_outcomes, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/records/{record}/outcomes/", outcomes.record_outcome, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/ended/", ended_list.show_ended, Permission.READ_RECORDS),
    PageRoute("POST", "/{register}/ended/", ended_list.search_ended, Permission.READ_RECORDS),
    PageRoute(
        "GET", "/{register}/records/{record}/actions/", record_actions.show_record_actions, Permission.UPDATE_RECORD
    ),
    PageRoute("POST", "/{register}/records/{record}/actions/", record_actions.add_action, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/records/{record}/actions/told/", plan_told.show_told, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/records/{record}/actions/told/", plan_told.record_told, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/actions/", action_list.show_actions, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/actions/", action_list.confirm_ticked, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/actions/{action}/", action_page.show_action, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/actions/{action}/", action_page.act_on_action, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/actions/{action}/change/", change_action.show_change, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/actions/{action}/change/", change_action.change_action, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/load/", start.show_start, Permission.BULK_LOAD),
    PageRoute("POST", "/{register}/load/", start.upload, Permission.BULK_LOAD, streams=True),
    PageRoute("GET", "/{register}/load/guide/", guide.show_guide, Permission.BULK_LOAD),
    PageRoute("GET", "/{register}/load/template/", guide.download_template, Permission.BULK_LOAD, is_data=True),
    PageRoute("GET", "/{register}/load/tracing/", decisions.download_untraced, Permission.BULK_LOAD, is_data=True),
    PageRoute("GET", "/{register}/load/{upload}/", upload_page.show_upload, Permission.BULK_LOAD),
    PageRoute("GET", "/{register}/load/{upload}/mapping/", mapping.change_mapping, Permission.BULK_LOAD),
    PageRoute("POST", "/{register}/load/{upload}/mapping/", mapping.map_upload, Permission.BULK_LOAD),
    PageRoute("GET", "/{register}/load/{upload}/process/", upload_page.ask_to_process, Permission.BULK_LOAD),
    PageRoute("POST", "/{register}/load/{upload}/process/", decisions.process, Permission.BULK_LOAD),
    PageRoute("GET", "/{register}/load/{upload}/consent/", authority.show_authority, Permission.BULK_LOAD),
    PageRoute("POST", "/{register}/load/{upload}/consent/", authority.name_authority, Permission.BULK_LOAD),
    PageRoute("GET", "/{register}/consent/", to_confirm.show_to_confirm, Permission.UPDATE_RECORD),
    PageRoute("POST", "/{register}/load/{upload}/cancel/", decisions.cancel, Permission.BULK_LOAD),
    PageRoute(
        "GET", "/{register}/load/{upload}/failed/", decisions.download_failed, Permission.BULK_LOAD, is_data=True
    ),
    PageRoute(
        "GET", "/{register}/load/{upload}/absent/", decisions.download_absent, Permission.BULK_LOAD, is_data=True
    ),
    PageRoute("GET", "/{register}/work/", work_list.show_work, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/work/", work_list.acknowledge, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/discussed/", work_list.discuss, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/", meeting_list.show_meetings, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/series/", series.show_all_series, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/series/new/", series.new_series, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/series/new/", series.add_series, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/series/{series}/", series.show_series, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/series/{series}/", series.change_series, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/plan/", planning.show_plan, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/plan/", planning.plan_meeting, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/", agenda.show_meeting, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/change/", planning.show_change, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/change/", planning.change_meeting, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/cancel/", planning.ask_to_cancel, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/cancel/", planning.cancel_meeting, Permission.RECORD_OUTCOME),
    PageRoute(
        "GET",
        "/{register}/meetings/{meeting}/invitation/",
        invitation.download_invitation,
        Permission.RECORD_OUTCOME,
        is_data=True,
    ),
    PageRoute("POST", "/{register}/meetings/{meeting}/start/", agenda.start_meeting, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/close/", agenda.ask_to_close, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/close/", agenda.close_meeting, Permission.RECORD_OUTCOME),
    PageRoute(
        "GET", "/{register}/meetings/{meeting}/attendance/", attendance.show_attendance, Permission.RECORD_OUTCOME
    ),
    PageRoute(
        "POST", "/{register}/meetings/{meeting}/attendance/", attendance.save_attendance, Permission.RECORD_OUTCOME
    ),
    PageRoute("GET", "/{register}/meetings/{meeting}/add/", adding.show_search, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/add/", adding.add_person, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/remove/", agenda.remove_item, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/pack/", pack.show_pack, Permission.RECORD_OUTCOME),
    PageRoute("GET", "/{register}/meetings/{meeting}/people/{record}/", item_page.show_item, Permission.RECORD_OUTCOME),
    PageRoute("POST", "/{register}/meetings/{meeting}/people/{record}/", saving.save_item, Permission.RECORD_OUTCOME),
    PageRoute(
        "POST", "/{register}/meetings/{meeting}/people/{record}/draft/", saving.save_draft, Permission.RECORD_OUTCOME
    ),
    PageRoute(
        "GET",
        "/{register}/meetings/{meeting}/people/{record}/interest/",
        interests.ask_first,
        Permission.RECORD_OUTCOME,
    ),
    PageRoute(
        "POST",
        "/{register}/meetings/{meeting}/people/{record}/interest/",
        interests.declare_interest,
        Permission.RECORD_OUTCOME,
    ),
    PageRoute(
        "POST",
        "/{register}/meetings/{meeting}/people/{record}/addendum/",
        interests.add_addendum,
        Permission.RECORD_OUTCOME,
    ),
    PageRoute(
        "GET",
        "/{register}/meetings/{meeting}/people/{record}/present/",
        present.show_present,
        Permission.RECORD_OUTCOME,
    ),
    PageRoute("GET", "/{register}/reviews/", due_list.show_due, Permission.READ_RECORDS),
    PageRoute("POST", "/{register}/reviews/", due_list.confirm, Permission.UPDATE_RECORD),
    PageRoute("GET", "/{register}/reporting/", dashboard.show_dashboard, Permission.READ_REPORTS),
    PageRoute("POST", "/{register}/reporting/", dashboard.start_report, Permission.READ_REPORTS),
    PageRoute("POST", "/{register}/reporting/organisation", dashboard.choose_scope, Permission.READ_REPORTS),
    PageRoute("GET", "/{register}/reporting/jobs/{job}/", dashboard.show_job, Permission.READ_REPORTS),
    PageRoute("POST", "/{register}/reporting/jobs/{job}/stop", dashboard.stop_report, Permission.READ_REPORTS),
    PageRoute(
        "GET", "/{register}/reporting/jobs/{job}/file", dashboard.download, Permission.READ_REPORTS, is_data=True
    ),
    PageRoute("GET", "/{register}/duplicates/", pairs.show_duplicates, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/duplicates/", pairs.decide_duplicate, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/administration/", index.administration_page, WITH_CARDS),
    PageRoute("GET", "/{register}/administration/organisations/", index.organisations_page, ADMINISTRATORS),
    PageRoute("GET", "/{register}/administration/users/", user_list.show_users, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/", user_list.search_users, Permission.MANAGE_USERS),
    PageRoute("GET", "/{register}/administration/users/new", add_user.new_user, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/new", add_user.add_user, Permission.MANAGE_USERS),
    PageRoute("GET", "/{register}/administration/users/{user}/", user_page.show_user, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/{user}/", user_page.change_access, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/{user}/act", user_page.act_on_user, Permission.MANAGE_USERS),
    PageRoute(
        "GET", "/{register}/administration/users/{user}/confirm/{act}/", user_page.ask_first, Permission.MANAGE_USERS
    ),
    PageRoute("GET", "/{register}/administration/users/{user}/name", correct_name.show_name, Permission.MANAGE_USERS),
    PageRoute(
        "POST", "/{register}/administration/users/{user}/name", correct_name.correct_name, Permission.MANAGE_USERS
    ),
    PageRoute("GET", "/{register}/administration/users/{user}/app", reset_app.ask_to_reset, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/{user}/app", reset_app.reset_app, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/users/{user}/propose", user_page.propose, Permission.CONFIGURE),
    PageRoute(
        "POST", "/{register}/administration/proposals/{proposal}/", proposals.decide_proposal, Permission.MANAGE_USERS
    ),
    PageRoute("GET", "/{register}/administration/locked/", locked.show_locked, Permission.UNLOCK_ACCOUNT),
    PageRoute("POST", "/{register}/administration/locked/", locked.search_locked, Permission.UNLOCK_ACCOUNT),
    PageRoute("POST", "/{register}/administration/locked/{user}/unlock", locked.unlock, Permission.UNLOCK_ACCOUNT),
    PageRoute("GET", "/{register}/administration/addresses/", addresses.show_addresses, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/addresses/", addresses.assign_address, Permission.MANAGE_USERS),
    PageRoute("POST", "/{register}/administration/addresses/end", addresses.take_back, Permission.MANAGE_USERS),
    PageRoute("GET", "/{register}/administration/settings/", settings_index.show_settings, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/administration/settings/{part}/", publish.edit, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/administration/settings/{part}/", publish.send, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/administration/settings/{part}/{question}/", publish.edit, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/administration/settings/{part}/{question}/", publish.send, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/administration/mails/", mail_list.show_mails, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/administration/mails/", mail_list.send_again, Permission.ADMINISTER),
    PageRoute("GET", "/{register}/administration/reversals/", reversals.show_reversals, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/administration/reversals/", reversals.ask_reversal, Permission.ADMINISTER),
    PageRoute("POST", "/{register}/administration/reversals/find", reversals.find_ended, Permission.ADMINISTER),
    PageRoute(
        "POST", "/{register}/administration/reversals/{reversal}/", reversals.decide_reversal, Permission.ADMINISTER
    ),
)
DEMO_PAGES: tuple[PageRoute, ...] = (
    PageRoute("GET", "/demo/mail", demo_mail.mail_page, ANYONE),
    PageRoute("GET", "/demo/mail.json", demo_mail.mail_json, ANYONE),
)


def pages(settings: GatewaySettings) -> tuple[PageRoute, ...]:
    """Return the pages of this installation. In demo mode only, its pages come before the registers' pages."""
    return (DEMO_PAGES if settings.demo else ()) + PAGES
