"""The requests that identity answers, with their handlers and who may send them."""

import os
from datetime import timedelta

from services.identity.context import IdentityContext, Lifetimes
from services.identity.handlers.accounts_waiting import AccountsWaitingHandler
from services.identity.handlers.addresses import AddressHandlers
from services.identity.handlers.app_reset import AppResets
from services.identity.handlers.colleagues import ColleagueList
from services.identity.handlers.holding import HoldInForce
from services.identity.handlers.joining import Joining
from services.identity.handlers.log_in import PasswordStep
from services.identity.handlers.lookers import LookerNames
from services.identity.handlers.naming import NameHandlers
from services.identity.handlers.organisations import OrganisationList
from services.identity.handlers.own_app import OwnAppHandlers
from services.identity.handlers.own_sessions import OwnSessionHandlers
from services.identity.handlers.passwords import ChangeOfPassword, Reminders, RuleInForce
from services.identity.handlers.pins import PinStep
from services.identity.handlers.proposals import ProposalList
from services.identity.handlers.recipients import RecipientList
from services.identity.handlers.registration import Registration
from services.identity.handlers.remembered import RememberedHandlers
from services.identity.handlers.sessions import SessionHandlers
from services.identity.handlers.user_acts import UserActs
from services.identity.handlers.users import Users
from services.identity.hashing import PasswordHashes
from services.identity.jobs import SWEEP_SECONDS, Sweeper, heartbeat
from services.identity.keys import Keys
from services.identity.mails import Mails
from services.identity.rules.log_in import shared_limits
from services.identity.rules.passwords import ICS, PROFILES
from services.identity.settings import IdentitySettings
from shared import log
from shared.context import ServiceContext
from shared.contracts import addresses as asked_of_addresses
from shared.contracts import authenticator as asked_of_apps
from shared.contracts import identity as asked
from shared.contracts import registration as asked_of_entry
from shared.contracts import users as asked_of_users
from shared.contracts.health import ReadIdentityBacklog
from shared.contracts.installation import ReadHold
from shared.contracts.looks import NameLookers
from shared.front_door import AnsweredRequest, for_anyone, for_callers, for_visitors
from shared.jobs import Job
from shared.permissions import Permission
from shared.service import Service, backlog_of


def build(shared: ServiceContext, settings: IdentitySettings) -> Service:
    """Build the service: its answers and its jobs."""
    context = context_of(shared, settings)
    if context.profile is not ICS:
        log.warn("identity.older_password_rule", profile=context.profile.name)
    return Service(answers=answers_of(context), jobs=jobs_of(context))


def context_of(shared: ServiceContext, settings: IdentitySettings) -> IdentityContext:
    """Return the context for the handlers, made of the shared parts and the settings."""
    return IdentityContext(
        **vars(shared),
        keys=Keys(bytes.fromhex(settings.pin_key.get_secret_value())),
        hashes=PasswordHashes(workers=os.cpu_count() or 1),
        mails=Mails(settings.public_url),
        profile=PROFILES[settings.password_profile],
        lifetimes=Lifetimes(
            idle=timedelta(minutes=settings.idle_minutes),
            session=timedelta(hours=settings.absolute_hours),
            pin=timedelta(minutes=settings.pin_minutes),
        ),
        shared_limits=shared_limits(
            everywhere=settings.limit_wrong_passwords_everywhere,
            passwords=settings.limit_wrong_passwords,
            reminders=settings.limit_reminders,
            registrations=settings.limit_registrations,
        ),
        most_sessions=settings.most_sessions,
        needing_app=settings.needing_app,
        remembering=timedelta(days=settings.remember_device_days),
    )


def jobs_of(context: IdentityContext) -> list[Job]:
    """Return the jobs that run in the background."""
    return [
        heartbeat(context.bus),
        Job("identity.sweep", Sweeper(context).run, every=SWEEP_SECONDS),
    ]


def answers_of(context: IdentityContext) -> list[AnsweredRequest]:
    """
    Return the handler and permission of each request. Requests before a log-in are open to anyone and have own limits.
    """
    return [*_of_sessions(context), *_of_apps(context), *_of_users(context)]


def _of_sessions(context: IdentityContext) -> list[AnsweredRequest]:
    password, pin, sessions = PasswordStep(context), PinStep(context), SessionHandlers(context)
    joining = Joining(context)
    return [
        for_anyone(asked_of_entry.RegisterAccount, Registration(context).register),
        for_visitors(asked_of_entry.ReadJoinOffer, Permission.USE_ACCOUNT, joining.read),
        for_visitors(asked_of_entry.JoinRegister, Permission.USE_ACCOUNT, joining.join),
        for_anyone(asked.LogIn, password.log_in),
        for_anyone(asked.VerifyPin, pin.verify),
        for_anyone(asked.ResendPin, pin.resend),
        for_anyone(asked.CancelAttempt, pin.cancel),
        for_anyone(asked.FindSession, sessions.find),
        for_anyone(asked.LogOut, sessions.log_out),
        for_visitors(asked.ListOwnSessions, Permission.USE_ACCOUNT, OwnSessionHandlers(context).read),
        for_visitors(asked.EndOwnSession, Permission.USE_ACCOUNT, OwnSessionHandlers(context).end),
        for_visitors(asked.ChangePassword, Permission.USE_ACCOUNT, ChangeOfPassword(context).change),
        for_anyone(asked.RemindPassword, Reminders(context).remind),
        for_anyone(asked.ReadPasswordRule, RuleInForce(context).read),
        for_anyone(asked.ListOrganisations, OrganisationList(context).read),
        for_visitors(NameLookers, Permission.OVERSEE_PRIVACY, LookerNames(context).read),
        for_visitors(asked.ListColleagues, Permission.UPDATE_RECORD, ColleagueList(context).read),
        for_callers(asked.CheckGrant, asked.CheckGrant.asked_by, sessions.check_grant),
        for_callers(asked.FindRecipients, asked.FindRecipients.asked_by, RecipientList(context).find),
        for_anyone(ReadHold, HoldInForce(context).read),
        for_anyone(ReadIdentityBacklog, backlog_of(context)),
    ]


def _of_apps(context: IdentityContext) -> list[AnsweredRequest]:
    own_app, remembered = OwnAppHandlers(context), RememberedHandlers(context)
    return [
        for_visitors(asked_of_apps.ReadApp, Permission.USE_ACCOUNT, own_app.read),
        for_visitors(asked_of_apps.BeginApp, Permission.USE_ACCOUNT, own_app.begin),
        for_visitors(asked_of_apps.ConfirmApp, Permission.USE_ACCOUNT, own_app.confirm),
        for_visitors(asked_of_apps.RemoveApp, Permission.USE_ACCOUNT, own_app.remove),
        for_visitors(asked_of_apps.RenewRecoveryCodes, Permission.USE_ACCOUNT, own_app.renew),
        for_visitors(asked_of_apps.ListRemembered, Permission.USE_ACCOUNT, remembered.read),
        for_visitors(asked_of_apps.ForgetRemembered, Permission.USE_ACCOUNT, remembered.forget),
    ]


def _of_users(context: IdentityContext) -> list[AnsweredRequest]:
    users, proposals, addresses = Users(context), ProposalList(context), AddressHandlers(context)
    return [
        for_visitors(asked_of_users.ListUsers, Permission.MANAGE_USERS, users.list),
        for_visitors(asked_of_users.ListLockedUsers, Permission.UNLOCK_ACCOUNT, users.list_locked),
        for_visitors(
            asked_of_users.CountAccountsWaiting, Permission.UNLOCK_ACCOUNT, AccountsWaitingHandler(context).count
        ),
        for_visitors(asked_of_users.ReadReach, Permission.MANAGE_USERS, users.reach),
        for_visitors(asked_of_users.ReadUser, Permission.MANAGE_USERS, users.read),
        for_visitors(asked_of_users.AddUser, Permission.MANAGE_USERS, users.add),
        for_visitors(asked_of_users.ChangeAccess, Permission.MANAGE_USERS, users.change),
        for_visitors(asked_of_users.ActOnUser, Permission.UNLOCK_ACCOUNT, UserActs(context).act),
        for_visitors(asked_of_users.CorrectName, Permission.MANAGE_USERS, NameHandlers(context).correct),
        for_visitors(asked_of_users.ResetApp, Permission.MANAGE_USERS, AppResets(context).reset),
        for_visitors(asked_of_users.ProposeAdministrator, Permission.CONFIGURE, proposals.propose),
        for_visitors(asked_of_users.ListProposals, Permission.MANAGE_USERS, proposals.read),
        for_visitors(asked_of_users.DecideProposal, Permission.MANAGE_USERS, proposals.decide),
        for_visitors(asked_of_addresses.ListAddresses, Permission.MANAGE_USERS, addresses.read),
        for_visitors(asked_of_addresses.AssignAddress, Permission.MANAGE_USERS, addresses.assign),
        for_visitors(asked_of_addresses.TakeBackAddress, Permission.MANAGE_USERS, addresses.take_back),
    ]
