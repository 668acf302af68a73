"""`waystation …`: thin commands. They ask, call the office, and say what came of it.

Exit codes: 0 done · 1 refused or failed, with the reason · 2 wrong usage · 3 the desk is in use elsewhere · 4 wrong
passphrase or key · 5 the book or a file is damaged · 6 the disk refused.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import Annotated, Final

import segno
import typer
from pyrage.x25519 import Identity
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from waystation import __version__, errors, limits
from waystation.assemble import desk_beside, machine, network, relay_beside, relay_machine, run_desk
from waystation.assemble import home as find_home
from waystation.book import Progress as Report
from waystation.demo import CALLED, OperationClock, gather, load, play, summary, table, where_to_look
from waystation.ids import to_text
from waystation.office import joining
from waystation.office.backup import backup as write_backup
from waystation.office.backup import drill as drill_backup
from waystation.office.backup import identity_opener, passphrase_opener, recovery_opener
from waystation.office.backup import restore as restore_backup
from waystation.office.desk import Desk, Home, System
from waystation.office.export import Form
from waystation.office.export import export as export_records
from waystation.office.founding import found, unlock, words_to_retype
from waystation.records.declare import Who
from waystation.relay.commands import commands as relay_commands
from waystation.vault import check_passphrase
from waystation.vault import wipe as wipe_vault
from waystation.views.found import search as search_view
from waystation.words import from_words

app = typer.Typer(
    name="waystation",
    help="The end-to-end encrypted desk from which small organisations bring persecuted people to safety.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
)
out: Final = Console(highlight=False, soft_wrap=True)
err: Final = Console(stderr=True, highlight=False, soft_wrap=True)

app.add_typer(relay_commands(relay_machine), name="relay")

DEMO_PASSPHRASE: Final = "lantern light for a demonstration"  # noqa: S105 -- meant to be known
"""Known to everyone: nothing real belongs into a demonstration."""

_LOOK_EVERY_S: Final = 5

_EXIT: Final[dict[type[errors.WaystationError], int]] = {
    errors.InUse: 3,
    errors.WrongPassphrase: 4,
    errors.BookError: 5,
    errors.WireError: 5,
    errors.SealError: 5,
    errors.DamagedVault: 5,
    errors.StoreError: 6,
}

DeskOption = Annotated[
    Path | None,
    typer.Option(
        "--desk",
        help="Folder of the desk. Default: WAYSTATION_DESK, or the place for a user's data.",
        show_default=False,
    ),
]
PassphraseOption = Annotated[
    Path | None,
    typer.Option(
        "--passphrase-file", help="Read the passphrase from the first line of this file; - is standard input."
    ),
]
NoBrowserOption = Annotated[bool, typer.Option("--no-browser", help="Print the address instead of opening a browser.")]
PortOption = Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object, for a script.")]


def main() -> None:
    """Entry point: runs a command and turns our errors into words and an exit code."""
    try:
        app()
    except errors.BadInput as error:
        for problem in error.problems.values():
            err.print(problem.message % dict(problem.values), markup=False)
        sys.exit(1)
    except errors.WaystationError as error:
        err.print(str(error), markup=False)
        sys.exit(next((code for kind, code in _EXIT.items() if isinstance(error, kind)), 1))


def _version(wanted: bool) -> None:
    if wanted:
        out.print(f"waystation {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before any command."""


@app.command()
def init(desk: DeskOption = None, passphrase_file: PassphraseOption = None) -> None:
    """Found an organisation at this desk, and show its two paper keys once."""
    home = find_home(desk)
    if home.exists:
        raise errors.StoreError("A desk exists in that folder already. Nothing was changed.")
    organisation = _ask("Name of the organisation")
    name = _ask("Your name at work")
    passphrase = _new_passphrase(passphrase_file)
    opened, papers = found(home, organisation, name, passphrase, machine())
    opened.lock()
    _show_paper("ROOT KEY: admits and removes members, and stands above everyone.", papers.root_words, papers.root_text)
    _confirm_words(papers.root_words)
    _show_paper("RECOVERY KEY: opens backups.", papers.recovery_words, papers.recovery_text)
    _confirm_words(papers.recovery_words)
    out.print(f"\nThe organisation is founded. Its fingerprint: {papers.fingerprint}\nOpen the desk: waystation desk")


@app.command()
def join(
    desk: DeskOption = None,
    passphrase_file: PassphraseOption = None,
    proxy: Annotated[str, typer.Option(help="Reach the relay through it, as socks5h://127.0.0.1:9050 for Tor.")] = "",
) -> None:
    """Join an organisation with an invitation: compare six words with the coordinator, and wait to be admitted."""
    home = find_home(desk)
    if joining.waits(home):
        passphrase = _read_passphrase(passphrase_file) if passphrase_file else _ask("Passphrase", hidden=True)
        newcomer = joining.resume(home, passphrase, machine())
    elif home.exists:
        raise errors.StoreError("A desk exists in that folder already. Nothing was changed.")
    else:
        invitation = _ask("Invitation")
        newcomer = joining.begin(home, invitation, _new_passphrase(passphrase_file), machine(), proxy=proxy)
    out.print(f"Compare these six words aloud with the coordinator: {' '.join(newcomer.words)}")
    err.print("Waiting to be admitted. Ctrl+C stops; the same command goes on later.")
    with _progress("Fetching the book") as progress:
        while (opened := _admitted(newcomer, progress)) is None:
            sleep(_LOOK_EVERY_S)
    opened.lock()
    out.print("Admitted. Open the desk: waystation desk")


@app.command()
def desk(
    desk: DeskOption = None,
    no_browser: NoBrowserOption = False,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 0,
) -> None:
    """Open the desk in a throw-away browser profile. Where there is no desk yet, found one there."""
    home = find_home(desk)
    home.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    raise typer.Exit(run_desk(home, port=port, open_browser=not no_browser))


@app.command()
def demo(
    headless: Annotated[bool, typer.Option("--headless", help="Print the figures and end.")] = False,
    as_json: JsonOption = False,
    into: Annotated[
        Path | None, typer.Option(help="Keep the book in this empty folder, to try the other commands on it.")
    ] = None,
    operation: Annotated[
        Path | None,
        typer.Option(help="Play another operation: a TOML file (docs/operations.md).", exists=True, dir_okay=False),
    ] = None,
    no_browser: NoBrowserOption = False,
    port: PortOption = 0,
) -> None:
    """Found a throw-away organisation, play the operation of 2017, and open its desks. Everybody in it is invented.

    Three desks share it: the coordinator's opens; a caseworker's joins through a relay on this machine; a partner
    abroad has been handed a case. With --into or --headless there is the coordinator's alone.
    """
    story = load(operation) if operation else load()
    with tempfile.TemporaryDirectory(prefix="waystation-demo-") as throw_away:
        home = Home(into or Path(throw_away) / "desk")
        clock = OperationClock(story.begins, story.zone, machine().clock)
        system = replace(machine(), clock=clock, relay=network(clock))
        opened, papers = found(home, story.organisation, story.founder, DEMO_PASSPHRASE, system)
        try:
            with _progress(story.name) as progress:
                play(opened, story, clock, progress)
            if as_json:
                _print_json(summary(opened))
            else:
                out.print(f"{story.name}, as it stood on {_date(story.stood)}")
                out.print(table(opened))
            if headless:
                return
            out.print("\nWhere to look:")
            for page, why in where_to_look(opened):
                out.print(f"  {page}: {why}")
            out.print(f"\nPassphrase of this demonstration: {DEMO_PASSPHRASE}")
            with ExitStack() as stack:
                if not into:
                    stack.enter_context(_company(opened, Path(throw_away), system))
                code = run_desk(home, port=port, open_browser=not no_browser, desk=opened, system=system)
            raise typer.Exit(code)
        finally:
            opened.lock()
            if into:
                err.print(f"The root key's words: {papers.root_text}")
                err.print(f"The recovery key's words: {' '.join(papers.recovery_words)}")
                err.print(f"The book is kept in {into}. Its passphrase: {DEMO_PASSPHRASE}")


@app.command()
def search(
    words: Annotated[list[str], typer.Argument(help="What to look for; any inflection, any script.")],
    desk: DeskOption = None,
    passphrase_file: PassphraseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find records. Code names are shown, names never are."""
    with _unlocked(desk, passphrase_file) as opened:
        found = search_view(opened.reader, " ".join(words))
        if as_json:
            _print_json(
                {"found": [{"kind": f.kind, "code_name": f.code_name, "record": to_text(f.record)} for f in found]}
            )
            return
        table = Table("Code name", "Kind", box=None)
        for hit in found:
            table.add_row(hit.code_name or "", opened.registry[hit.kind].label)
        out.print(table if found else "Nothing was found.")


@app.command("check-book")
def check_book(desk: DeskOption = None, passphrase_file: PassphraseOption = None, as_json: JsonOption = False) -> None:
    """Check every chain, signature and order hash, and name the first bad entry."""
    with _unlocked(desk, passphrase_file) as opened, _progress("Checking entries") as progress:
        report = opened.book.check(progress)
    if as_json:
        _print_json(
            {
                **{f: getattr(report, f) for f in ("entries", "accepted", "aside", "unread", "undecodable", "vouched")},
                "order": report.order.hex(),
            }
        )
        return
    out.print(
        f"{report.entries} entries: {report.accepted} accepted, {report.aside} set aside, "
        f"{report.unread} not readable here, {report.undecodable} undecodable."
    )
    if report.vouched:
        out.print(f"{report.vouched} have a damaged signature, for which a later one of the same desk vouches.")
    out.print(f"Order hash: {report.order.hex()}")
    out.print("The book is sound.")


@app.command()
def rebuild(desk: DeskOption = None, passphrase_file: PassphraseOption = None) -> None:
    """Make every table and the search index again from the log."""
    with _unlocked(desk, passphrase_file) as opened, _progress("Reading entries") as progress:
        opened.rebuild(progress)
    out.print("The tables were made again from the log.")


@app.command()
def backup(
    target: Annotated[Path, typer.Argument(help="File to write; .age is added.")],
    desk: DeskOption = None,
    passphrase_file: PassphraseOption = None,
    recipient: Annotated[str | None, typer.Option(help="An age recipient (age1…) that shall open it too.")] = None,
    backup_passphrase: Annotated[
        bool, typer.Option("--passphrase", help="Ask for a passphrase that shall open it too.")
    ] = False,
    valid_days: Annotated[int, typer.Option(min=1, help="Days until it expires.")] = limits.BACKUP_VALID_DAYS,
) -> None:
    """Write a backup that the recovery key opens, and a passphrase or an age recipient if you wish."""
    with _unlocked(desk, passphrase_file) as opened:
        chosen = _new_passphrase(None, "Passphrase for the backup") if backup_passphrase else None
        with _progress("Writing") as progress:
            made = write_backup(
                opened, target, passphrase=chosen, recipient=recipient, valid_days=valid_days, progress=progress
            )
    out.print(f"Backup of {made.entries} entries: {made.file}")
    if made.key_file:
        out.print(f"Its key, under the passphrase: {made.key_file}. Keep the two together.")
    out.print(f"It expires on {_date(made.expires_ms)}. Try it now: waystation drill {made.file}")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)],
    desk: DeskOption = None,
    passphrase_file: PassphraseOption = None,
    identity: Annotated[
        Path | None, typer.Option(help="File with the age identity that opens it.", exists=True)
    ] = None,
    backup_passphrase: Annotated[bool, typer.Option("--passphrase", help="Open it with its passphrase.")] = False,
    accept_expired: Annotated[
        bool,
        typer.Option("--accept-expired", help="Restore though it has expired: what was erased since may come back."),
    ] = False,
    without_relay: Annotated[
        bool,
        typer.Option("--without-relay", help="Go on alone with what the backup holds, and connect it anew later."),
    ] = False,
) -> None:
    """Make a new desk from a backup, in the place of the lost one. Needs the root key too."""
    home = find_home(desk)
    opener = _opener(file, identity, backup_passphrase)
    root = from_words(_ask("The 24 words of the ROOT key", hidden=True))
    passphrase = _new_passphrase(passphrase_file, "Passphrase for the new desk")
    with _progress("Restoring") as progress:
        opened = restore_backup(
            file,
            opener,
            root,
            home,
            passphrase,
            machine(),
            accept_expired=accept_expired,
            without_relay=without_relay,
            progress=progress,
        )
    opened.lock()
    out.print("Restored, as a new desk; the old one is removed and can write no more. Open it: waystation desk")


@app.command()
def drill(
    file: Annotated[Path, typer.Argument(help="The backup.", exists=True, dir_okay=False)],
    identity: Annotated[
        Path | None, typer.Option(help="File with the age identity that opens it.", exists=True)
    ] = None,
    backup_passphrase: Annotated[bool, typer.Option("--passphrase", help="Open it with its passphrase.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Prove that a backup restores, and leave nothing behind."""
    opener = _opener(file, identity, backup_passphrase)
    with _progress("Restoring for trial") as progress:
        found = drill_backup(file, opener, machine(), progress=progress)
    if as_json:
        _print_json(
            {
                "entries": found.report.entries,
                "same_tables": found.same_tables,
                "made_ms": found.made_ms,
                "expires_ms": found.expires_ms,
            }
        )
    else:
        out.print(f"Made on {_date(found.made_ms)}, expires on {_date(found.expires_ms)}.")
        out.print(
            f"{found.report.entries} entries, every one sound; the tables made again from them are "
            f"{'the same' if found.same_tables else 'NOT the same'}."
        )
    if not found.same_tables:
        raise typer.Exit(5)


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="File to write.")],
    kind: Annotated[list[str], typer.Option(help="Kind of record; may be repeated with --format json.")],
    desk: DeskOption = None,
    passphrase_file: PassphraseOption = None,
    form: Annotated[Form, typer.Option("--format")] = Form.CSV,
    up_to: Annotated[Who, typer.Option(help="The most guarded fields that leave.")] = Who.OPEN,
    reason: Annotated[str, typer.Option(help="Why masked fields must leave; it is recorded.")] = "",
    recipient: Annotated[str | None, typer.Option(help="Seal the file to this age recipient.")] = None,
    in_the_clear: Annotated[
        bool, typer.Option("--in-the-clear", help="Write it unencrypted. Whoever finds the file can read it.")
    ] = False,
) -> None:
    """Write records of a kind to a file; fields that may be published only, unless you ask for more."""
    if recipient is None and not in_the_clear:
        raise errors.Refused("Name an age recipient with --recipient, or say --in-the-clear. Nothing was written.")
    with _unlocked(desk, passphrase_file) as opened:
        count = export_records(opened, target, kind, up_to=up_to, form=form, recipient=recipient, reason=reason)
    out.print(f"{count} records: {target}")


@app.command()
def wipe(
    desk: DeskOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy this desk's key material at once. Needs no passphrase; cannot be undone."""
    home = find_home(desk)
    if (
        not yes
        and _ask(f"This destroys the keys of {home.folder}. Without a backup everything is lost. Type WIPE") != "WIPE"
    ):
        err.print("Nothing was changed.")
        raise typer.Exit(1)
    if not wipe_vault(home.vault, machine().randomness):
        err.print("There is no desk in that folder.")
        raise typer.Exit(1)
    out.print("The keys are destroyed.")
    for path in sorted(home.folder.iterdir()):
        out.print(
            f"What remains is ciphertext that nothing on this machine opens: {path.name}, {path.stat().st_size} bytes"
        )
    out.print(
        "Flash storage may keep old copies of the key file, still under your passphrase. "
        "Backups and papers are not touched."
    )


@contextmanager
def _company(coordinator: Desk, folder: Path, system: System) -> Iterator[None]:
    """The other desks of the demonstration and their relay, served until the block ends."""
    homes = Home(folder / "caseworker"), Home(folder / "partner")
    with ExitStack() as stack:
        relay = stack.enter_context(relay_beside(folder / "relay.db", system.clock))
        with _progress("Two more desks and a relay") as progress:
            company = gather(coordinator, homes, system, DEMO_PASSPHRASE, relay, progress=progress)
        caseworker, partner = company.caseworker, company.partner
        out.print(f"\nA relay serves this organisation at {relay[0]}. It holds ciphertext only.")
        for what, (name, desk), home in (
            ("The desk of a caseworker", caseworker, homes[0]),
            ("The desk of a partner abroad", partner, homes[1]),
        ):
            address = stack.enter_context(desk_beside(home, desk, system))
            out.print(f"{what}, {name}; open it in another private window, once: {address}", soft_wrap=True)
        out.print(f"{company.referred} was handed over to {partner[0]}, where it is called “{CALLED}”.")
        yield


def _admitted(newcomer: joining.Joining, progress: Report) -> Desk | None:
    """The desk, if it is admitted by now; an unreachable relay is asked again later."""
    try:
        return newcomer.poll(progress)
    except (errors.RelayAway, errors.RelayBusy):
        return None


def _ask(prompt: str, *, hidden: bool = False) -> str:
    """What a person types; asked on standard error, so that standard output holds the answer alone."""
    answer: str = typer.prompt(prompt, hide_input=hidden, err=True)
    return answer


def _new_passphrase(file: Path | None, prompt: str = "Passphrase for this desk") -> str:
    if file is not None:
        return _read_passphrase(file)
    while True:
        passphrase = _ask(prompt, hidden=True)
        try:
            check_passphrase(passphrase)
        except errors.WeakPassphrase as error:
            err.print(str(error), markup=False)
            continue
        if _ask("Once more", hidden=True) == passphrase:
            return passphrase
        err.print("The two are not the same. Try again.")


def _read_passphrase(file: Path) -> str:
    text = sys.stdin.readline() if str(file) == "-" else file.read_text(encoding="utf-8").partition("\n")[0]
    return text.rstrip("\r\n")


@contextmanager
def _unlocked(folder: Path | None, passphrase_file: Path | None) -> Iterator[Desk]:
    home = find_home(folder)
    if not home.exists:
        raise errors.StoreError(
            f"There is no desk in {home.folder}. Found one with `waystation init`, or name its folder with --desk."
        )
    if joining.waits(home):
        raise errors.JoinError("This desk waits to be admitted. Go on with `waystation join`.")
    passphrase = _read_passphrase(passphrase_file) if passphrase_file else _ask("Passphrase", hidden=True)
    with _progress("Making the tables anew") as progress:
        opened = unlock(home, passphrase, machine(), progress)
    try:
        yield opened
    finally:
        opened.lock()


def _opener(file: Path, identity: Path | None, by_passphrase: bool) -> Identity:
    if identity is not None:
        lines = identity.read_text(encoding="utf-8").splitlines()
        return identity_opener(next((line for line in lines if line.startswith("AGE-SECRET-KEY-")), ""))
    if by_passphrase:
        return passphrase_opener(file, _ask("Passphrase of the backup", hidden=True))
    return recovery_opener(from_words(_ask("The 24 words of the RECOVERY key", hidden=True)))


@contextmanager
def _progress(what: str) -> Iterator[Report]:
    """A bar on standard error; it shows itself only where a person looks on."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(what)
        yield lambda done, of: bar.update(task, completed=done, total=of)


def _show_paper(title: str, words: tuple[str, ...], text: str) -> None:
    out.print(f"\n{title}\nWrite these words on paper and keep it offline. They are shown once and stored nowhere.\n")
    for row in range(0, len(words), 4):
        out.print("   ".join(f"{n + 1:2d} {words[n]:<9}" for n in range(row, row + 4)))
    segno.make(text).terminal(compact=True)


def _confirm_words(words: tuple[str, ...]) -> None:
    for place in sorted(words_to_retype(machine().randomness)):
        while _ask(f"Word {place + 1}").strip().lower() != words[place]:
            err.print("That is not the word on the page. Look again.")


def _date(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).date().isoformat()


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
