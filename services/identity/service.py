"""The front door of identity: every request beside the handler that takes it, and who may ask."""

import os
from datetime import timedelta

from services.identity.desk import Desk, Lives
from services.identity.handlers.addresses import Addresses
from services.identity.handlers.colleagues import ColleagueList
from services.identity.handlers.log_in import PasswordStep
from services.identity.handlers.organisations import OrganisationList
from services.identity.handlers.passwords import ChangeOfPassword, Reminders, RuleInForce
from services.identity.handlers.pins import PinStep
from services.identity.handlers.proposals import ProposalList
from services.identity.handlers.recipients import RecipientList
from services.identity.handlers.registration import Registration
from services.identity.handlers.sessions import Sessions
from services.identity.handlers.user_acts import UserActs
from services.identity.handlers.users import Users
from services.identity.hashing import PasswordHashes
from services.identity.jobs import Heart, Sweeper
from services.identity.keys import Keys
from services.identity.mails import Mails
from services.identity.rules.passwords import ICS, PROFILES
from services.identity.settings import Settings
from shared import log
from shared.contracts import identity as asked
from shared.contracts import users as asked_of_users
from shared.contracts.health import ReadIdentityBacklog
from shared.front_door import Answer, for_anyone, for_callers, for_visitors
from shared.permissions import Permission
from shared.registers.load import load_registers
from shared.service import Parts, Service, backlog_of


def build(parts: Parts, settings: Settings) -> Service:
    """The whole behaviour of the service, one line each."""
    desk = desk_of(parts, settings)
    if desk.profile is not ICS:
        log.warn("identity.older_password_rule", profile=desk.profile.name)
    jobs = (Heart(parts.bus).run, Sweeper(desk).run)
    answers = [*answers_of(desk), for_anyone(ReadIdentityBacklog, backlog_of(parts))]
    return Service(answers=answers, registers=desk.registers, jobs=jobs)


def desk_of(parts: Parts, settings: Settings) -> Desk:
    """The parts and settings as the handlers need them."""
    return Desk(
        pool=parts.pool,
        bus=parts.bus,
        signer=parts.signer,
        relay=parts.relay,
        registers=load_registers([settings.registers] if settings.registers else []),
        keys=Keys(bytes.fromhex(settings.pin_key.get_secret_value())),
        hashes=PasswordHashes(workers=os.cpu_count() or 1),
        mails=Mails(settings.public_url),
        profile=PROFILES[settings.password_profile],
        lives=Lives(
            idle=timedelta(minutes=settings.idle_minutes),
            session=timedelta(hours=settings.absolute_hours),
            pin=timedelta(minutes=settings.pin_minutes),
        ),
    )


def answers_of(desk: Desk) -> list[Answer]:
    """Who may ask what. Before a log-in nobody can say who they are: those rows have their own limits."""
    password, pin, sessions = PasswordStep(desk), PinStep(desk), Sessions(desk)
    users, proposals, addresses = Users(desk), ProposalList(desk), Addresses(desk)
    return [
        for_anyone(asked.RegisterAccount, Registration(desk).register),
        for_anyone(asked.LogIn, password.log_in),
        for_anyone(asked.VerifyPin, pin.verify),
        for_anyone(asked.ResendPin, pin.resend),
        for_anyone(asked.CancelAttempt, pin.cancel),
        for_anyone(asked.FindSession, sessions.find),
        for_anyone(asked.LogOut, sessions.log_out),
        for_visitors(asked.ChangePassword, Permission.USE_ACCOUNT, ChangeOfPassword(desk).change),
        for_anyone(asked.RemindPassword, Reminders(desk).remind),
        for_anyone(asked.ReadPasswordRule, RuleInForce(desk).read),
        for_anyone(asked.ListOrganisations, OrganisationList(desk).read),
        for_visitors(asked.ListColleagues, Permission.ADMINISTER, ColleagueList(desk).read),
        for_visitors(asked_of_users.ListUsers, Permission.MANAGE_USERS, users.list),
        for_visitors(asked_of_users.ReadReach, Permission.MANAGE_USERS, users.reach),
        for_visitors(asked_of_users.ReadUser, Permission.MANAGE_USERS, users.read),
        for_visitors(asked_of_users.AddUser, Permission.MANAGE_USERS, users.add),
        for_visitors(asked_of_users.ChangeAccess, Permission.MANAGE_USERS, users.change),
        for_visitors(asked_of_users.ActOnUser, Permission.MANAGE_USERS, UserActs(desk).act),
        for_visitors(asked_of_users.ProposeAdministrator, Permission.CONFIGURE, proposals.propose),
        for_visitors(asked_of_users.ListProposals, Permission.MANAGE_USERS, proposals.read),
        for_visitors(asked_of_users.DecideProposal, Permission.MANAGE_USERS, proposals.decide),
        for_visitors(asked_of_users.ListAddresses, Permission.MANAGE_USERS, addresses.read),
        for_visitors(asked_of_users.AssignAddress, Permission.MANAGE_USERS, addresses.assign),
        for_visitors(asked_of_users.TakeBackAddress, Permission.MANAGE_USERS, addresses.take_back),
        for_callers(asked.CheckGrant, asked.CheckGrant.asked_by, sessions.check_grant),
        for_callers(asked.FindRecipients, asked.FindRecipients.asked_by, RecipientList(desk).find),
    ]
