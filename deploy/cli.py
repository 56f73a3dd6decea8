"""The `ics` command. Each command imports what it needs when it runs, so that all of them start quickly."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from deploy.runner.prefork.forking import PreforkServer
from deploy.runner.prefork.inheritance import inherited
from shared.version import VERSION

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False, help="ICS Registers on one machine."
)


class Side(StrEnum):
    """The part of an upgrade to apply, as in `shared.migrate.Phase`."""

    PRE = "pre"
    POST = "post"
    ALL = "all"


admin = typer.Typer(no_args_is_help=True, help="Accounts of master admins, which no page manages.")
register = typer.Typer(no_args_is_help=True, help="Definitions of registers.")
audit = typer.Typer(no_args_is_help=True, help="Who did or read what.")
reports = typer.Typer(no_args_is_help=True, help="The copies that dashboards and reports are made of.")
set_aside = typer.Typer(no_args_is_help=True, help="Events that a service could not handle after all its retries.")
events = typer.Typer(no_args_is_help=True, help="What services tell each other and integrators.")
for name, words in (
    ("admin", admin),
    ("register", register),
    ("audit", audit),
    ("reports", reports),
    ("set-aside", set_aside),
    ("events", events),
):
    app.add_typer(words, name=name)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"ics-registers {VERSION}")
        raise typer.Exit


@app.callback()
def ics(
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and stop.")
    ] = False,
) -> None:
    """Hold the options that all commands share."""


@app.command()
def up(demo: Annotated[bool, typer.Option("--demo", help="With demo people; for this machine alone.")] = False) -> None:
    """Start everything, and stop it in order at Ctrl-C."""
    with _refusals_said():
        asyncio.run(_up(demo=demo))


async def _up(*, demo: bool) -> None:
    """Start the prefork server first: it imports the shared modules while this process imports its own."""
    prefork = PreforkServer(inherited(os.environ))
    await prefork.start()
    try:
        from deploy.runner.settings import read_settings  # noqa: PLC0415
        from deploy.runner.state import locked, open_state  # noqa: PLC0415
        from deploy.runner.up import Installation  # noqa: PLC0415

        settings = read_settings()
        state = open_state(settings.state_dir)
        loading = "deploy.demo.start" if demo else ""
        with locked(state) as lock:
            await Installation(settings, state, lock, prefork, demo=demo, loading=loading).run()
    finally:
        await prefork.close()


@app.command()
def migrate(phase: Annotated[Side, typer.Option(help="The side of an upgrade to apply.")] = Side.ALL) -> None:
    """Update the databases to this version: roles, schemas and migrations. `ics up` does this automatically."""
    from deploy.runner.preparation import migrate_alone  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415
    from deploy.runner.state import locked, open_state  # noqa: PLC0415
    from shared.migrate import Phase  # noqa: PLC0415

    with _refusals_said():
        settings = read_settings()
        state = open_state(settings.state_dir)
        with locked(state):
            applied = asyncio.run(migrate_alone(settings, state, Phase(phase)))
    for name in applied:
        typer.echo(name)
    typer.echo(f"{len(applied)} migrations applied.")


@app.command()
def backup(
    place: Annotated[Path, typer.Argument(help="A new file, or a folder in which a file named by the time is made.")],
) -> None:
    """Back up databases and secrets to an encrypted file. The product may run meanwhile."""
    from deploy.operate.backup.making import back_up  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        made = asyncio.run(back_up(read_settings(), place))
    typer.echo(f"{made.file}: {made.rows} rows, {made.size / 1_048_576:.1f} MB.")


@app.command()
def restore(file: Annotated[Path, typer.Argument(help="A file that `ics backup` made.")]) -> None:
    """Restore a backup into an empty state folder. The copy sends nothing until `ics release`."""
    from deploy.operate.backup.restoring import restore as restore_backup  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        found = asyncio.run(restore_backup(read_settings(), file))
    typer.echo(f"Restored {sum(found.rows.values())} rows as of {found.made_at:%Y-%m-%d %H:%M:%S} UTC.")
    typer.echo(
        "This copy is held: it sends no mail and no event. Start it with `ics up`, look at it, and make sure that"
    )
    typer.echo("no other copy of it runs. Then let it act with `ics release`: urgent alerts wait for that.")


@app.command("release")
def release_hold() -> None:
    """Let an installation act that was restored, or whose public address has changed."""
    from deploy.operate.actions import release  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        released = asyncio.run(release(read_settings()))
    typer.echo("Released: what waits is sent now." if released else "This installation was not held.")


@app.command()
def doctor() -> None:
    """Check whether this machine has what the product needs."""
    from deploy.operate.doctor import examine  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        findings = asyncio.run(examine(read_settings()))
    for each in findings:
        typer.echo(f"{'fault' if each.fault else 'ok':<6} {each.what}{': ' + each.fault if each.fault else ''}")
    if any(each.fault for each in findings):
        raise typer.Exit(1)


@admin.command("create")
def create_admin(
    email: Annotated[str, typer.Option(help="The address, which is the username.")],
    first_name: Annotated[str, typer.Option(help="First name.")],
    last_name: Annotated[str, typer.Option(help="Last name.")],
) -> None:
    """
    Create a master admin and send the welcome mail with a temporary password.

    A register's first administrator takes two: one master admin proposes, under Administration, and another accepts.
    """
    from deploy.operate.actions import create_master_admin  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        asyncio.run(create_master_admin(read_settings(), email, first_name, last_name))
    typer.echo("The account was made. Its temporary password goes out by mail while the product runs.")


@admin.command("reset-app")
def reset_authenticator_app(email: Annotated[str, typer.Argument(help="The address of the account.")]) -> None:
    """
    Reset the authenticator app of someone who has lost it, once you have checked who asks.

    Administrators do this on the user's page. This command is for master admins.
    """
    from deploy.operate.actions import reset_app  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        code = asyncio.run(reset_app(read_settings(), email))
    if code is None:
        typer.echo("The app was removed. This person logs in with a code sent by email.")
    else:
        typer.echo(f"The app was reset. Give this code to the person yourself, not by email: {code}")
        typer.echo('It works once, within 24 hours, under "Use a recovery code" at the log-in.')


@register.command("check")
def check_register(
    file: Annotated[Path, typer.Argument(help="The definition, a TOML file; or a shared list, a CSV file.")],
) -> None:
    """
    Check a register's definition, and list every fault with its place in plain words.

    It is compared with the editions beside it, and with the records of the installation (ICS_STATE_DIR) if it runs.
    """
    from deploy.operate.register_check import check_definition  # noqa: PLC0415

    checked = check_definition(file)
    for fault in checked.faults:
        typer.echo(str(fault))
    for line in checked.compared:
        typer.echo(line)
    said = {0: f"This {'list' if file.suffix.lower() == '.csv' else 'definition'} can be used.", 1: "1 fault."}
    typer.echo(said.get(len(checked.faults), f"{len(checked.faults)} faults."))
    if checked.faults:
        raise typer.Exit(1)


@audit.command("verify")
def verify_audits() -> None:
    """Check the audit of every service, and say where it was tampered with, if anywhere."""
    from deploy.operate.actions import verify_audit  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        verdicts = asyncio.run(verify_audit(read_settings()))
    for each in verdicts:
        waiting = f"; {each.unsealed} wait for their seal" if each.unsealed else ""
        typer.echo(f"{each.service:<10} {each.fault or 'whole'}: {each.seals} seals over {each.rows} rows{waiting}")
    if any(each.fault for each in verdicts):
        raise typer.Exit(1)


@reports.command("rebuild")
def rebuild_copies() -> None:
    """Copy every record and outcome to reports again. Dashboards and reports stay available meanwhile."""
    from deploy.operate.actions import rebuild_reports  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        begun = asyncio.run(rebuild_reports(read_settings()))
    typer.echo(f"Copying anew: {', '.join(begun)}." if begun else "The copies are being made anew already.")


EventId = Annotated[str, typer.Argument(help="The event's id, as `ics set-aside list` shows it.")]


@set_aside.command("list")
def list_set_aside() -> None:
    """List the events that were set aside: when, by which reader, and why. Their content is not shown."""
    from deploy.operate.set_aside import list_all  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        found = asyncio.run(list_all(read_settings()))
    for service, each in found:
        when = each.set_aside_at.strftime("%Y-%m-%d %H:%M:%S UTC")
        typer.echo(f"{when}  {service:<10} {each.consumer:<18} {each.event_id}  {each.kind:<18} {each.reason}")
    typer.echo(f"{len(found)} set aside." if found else "No event is set aside.")


@set_aside.command("retry")
def retry_set_aside(event_id: EventId) -> None:
    """
    Deliver an event again, and take it off the list.

    Its sender publishes it again. Readers that have handled it do nothing. If it fails again, it is set aside again.
    """
    from deploy.operate.set_aside import retry  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        readers = asyncio.run(retry(read_settings(), event_id))
    typer.echo(f"While the product runs, the event is delivered again, for {', '.join(readers)}.")


@set_aside.command("drop")
def drop_set_aside(event_id: EventId) -> None:
    """Take an event off the list without handling it: no mail is sent and no task is opened because of it."""
    from deploy.operate.set_aside import drop  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        readers = asyncio.run(drop(read_settings(), event_id))
    typer.echo(f"The event is dropped: {', '.join(readers)} will not handle it.")


@events.command("send-again")
def send_events_again() -> None:
    """
    Publish the events of the last 30 days again, for instance after an older copy of the database was restored.

    Readers that have handled an event do nothing. What NATS has lost is sent again automatically.
    """
    from deploy.operate.set_aside import publish_all_again  # noqa: PLC0415
    from deploy.runner.settings import read_settings  # noqa: PLC0415

    with _refusals_said():
        count = asyncio.run(publish_all_again(read_settings()))
    typer.echo(f"While the product runs, {count} events are sent again.")


@contextmanager
def _refusals_said() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        from deploy.operate.words import said_of  # noqa: PLC0415

        said = said_of(error)
        if said is None:
            raise
        typer.echo(f"ics: {said}", err=True)
        sys.exit(1)


def main() -> None:
    """Run the console script. Files that it or its children write can be read by this user only."""
    os.umask(0o077)
    app()
