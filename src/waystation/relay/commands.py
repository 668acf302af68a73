"""`waystation relay …`: thin commands for whoever runs a relay. Implements spec/relay.md L9 and L22.

They speak to the store directly, beside a running relay, and never over a port: whoever may run them has the machine.
"""

import json
import logging
import sys
from base64 import b32encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table

from waystation.clock import DAY_MS
from waystation.errors import WaystationError
from waystation.ids import OrgId, Randomness
from waystation.limits import MIB
from waystation.relay.messages import ticket_hash
from waystation.relay.openapi import description
from waystation.relay.port import Allowance
from waystation.relay.postgres import open_postgres
from waystation.relay.serve import run
from waystation.relay.sql import SqlStore
from waystation.relay.sqlite import open_sqlite

_TICKET_BYTES: Final = 16
_DEFAULT_STORE: Final = "relay.db"
_GIB: Final = 1024 * MIB

out: Final = Console(highlight=False, soft_wrap=True)

StoreOption = Annotated[
    str | None,
    typer.Option(
        envvar="WAYSTATION_RELAY_STORE",
        show_envvar=False,
        help="A file, or postgresql://… Also WAYSTATION_RELAY_STORE: others on the machine can read a command line.",
    ),
]
GibOption = Annotated[float, typer.Option(min=0.001, help="GiB of entries and chunks that it may hold.")]
RequestsOption = Annotated[int, typer.Option(min=1, help="Requests a minute that it may make.")]
OrgArgument = Annotated[str, typer.Argument(help="The organisation, 64 hexadecimal digits, as `list` shows it.")]


@dataclass(frozen=True, slots=True)
class Machine:
    """What the commands take from the machine: its time, a clock that never goes back, randomness."""

    now_ms: Callable[[], int]
    monotonic_ms: Callable[[], int]
    randomness: Randomness


def commands(machine: Callable[[], Machine]) -> typer.Typer:
    """The commands, for the command line to hang in.

    Args:
        machine: asked when a command runs.
    """
    app = typer.Typer(no_args_is_help=False, rich_markup_mode=None)

    @app.callback(invoke_without_command=True)
    def serve(
        context: typer.Context,
        store: StoreOption = None,
        listen: Annotated[
            str, typer.Option(help="host:port, or unix:/path for a proxy on the same machine.")
        ] = "127.0.0.1:8470",
        name: Annotated[
            list[str] | None,
            typer.Option(help="The name under which desks reach it, with its port if it is not the usual one."),
        ] = None,
        metrics: Annotated[
            str | None, typer.Option(help="host:port where measurements are shown to whoever can reach it.")
        ] = None,
        log_requests: Annotated[
            bool, typer.Option("--log-requests", help="A line for each request: no address, no organisation.")
        ] = False,
    ) -> None:
        """Run a relay: a server that keeps an organisation's ciphertext, and can read none of it."""
        if context.invoked_subcommand is not None:
            return
        logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(message)s")
        here = machine()
        opened = _opened(context, alone=True)
        try:
            run(
                opened,
                listen=listen,
                names=tuple(name or ()),
                metrics=metrics,
                log_requests=log_requests,
                now_ms=here.now_ms,
                monotonic_ms=here.monotonic_ms,
                say=lambda line: out.print(line, markup=False),
            )
        finally:
            opened.close()

    @app.command()
    def ticket(
        context: typer.Context,
        store: StoreOption = None,
        days: Annotated[int, typer.Option(min=1, help="Days until it expires.")] = 7,
        gib: GibOption = 20,
        requests: RequestsOption = 6000,
    ) -> None:
        """Make a ticket, with which one organisation may come to this relay. It is shown once."""
        here = machine()
        text = b32encode(here.randomness(_TICKET_BYTES)).decode().rstrip("=").lower()
        opened = _opened(context)
        try:
            expires_s = (here.now_ms() + days * DAY_MS) // 1000
            opened.add_ticket(ticket_hash(text), Allowance(int(gib * _GIB), requests), expires_s)
        finally:
            opened.close()
        out.print(text)

    @app.command("list")
    def list_organisations(
        context: typer.Context,
        store: StoreOption = None,
        as_json: Annotated[bool, typer.Option("--json", help="Print one JSON list, for a script.")] = False,
    ) -> None:
        """Which organisations are here, how much they hold, and how much they may."""
        opened = _opened(context, makes=False)
        try:
            standings = list(opened.standings())
        finally:
            opened.close()
        if as_json:
            rows = [
                {
                    "organisation": one.org.hex(),
                    "entries": one.head,
                    "bytes": one.held_bytes,
                    "bytes_max": one.allowance.bytes_max,
                    "requests_max": one.allowance.requests_max,
                }
                for one in standings
            ]
            sys.stdout.write(json.dumps(rows) + "\n")
            return
        table = Table("Organisation", "Entries", "GiB", "GiB at most", "Requests a minute", box=None)
        for one in standings:
            sizes = (f"{one.held_bytes / _GIB:.3f}", f"{one.allowance.bytes_max / _GIB:.3f}")
            table.add_row(one.org.hex(), f"{one.head:,}", *sizes, f"{one.allowance.requests_max:,}")
        out.print(table)

    @app.command()
    def limit(
        context: typer.Context,
        organisation: OrgArgument,
        store: StoreOption = None,
        gib: GibOption = 20,
        requests: RequestsOption = 6000,
    ) -> None:
        """Set how much an organisation may hold and ask."""
        org = _org(organisation)
        opened = _opened(context, makes=False)
        try:
            opened.allow(org, Allowance(int(gib * _GIB), requests))
        finally:
            opened.close()
        out.print("Set.")

    @app.command()
    def remove(
        context: typer.Context,
        organisation: OrgArgument,
        store: StoreOption = None,
        yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ) -> None:
        """Remove an organisation and everything of it from this relay. Its desks keep their books."""
        org = _org(organisation)
        if not yes and typer.prompt("This cannot be undone. Type REMOVE", err=True) != "REMOVE":
            raise WaystationError("Nothing was changed.")
        opened = _opened(context, makes=False)
        try:
            opened.remove(org)
        finally:
            opened.close()
        out.print("Removed.")

    @app.command()
    def openapi() -> None:
        """Print what can be asked of a relay, as an OpenAPI description."""
        sys.stdout.write(json.dumps(description(), indent=1, ensure_ascii=False) + "\n")

    return app


def _opened(context: typer.Context, *, alone: bool = False, makes: bool = True) -> SqlStore:
    """The store that a command was given, before its name or after.

    Args:
        alone: for a relay that serves. makes: whether a file that is not there is made.
    """
    given = context.params["store"] or (context.parent and context.parent.params.get("store"))
    store: str = given or _DEFAULT_STORE
    if store.startswith(("postgresql://", "postgres://")):
        return open_postgres(store)
    if "://" in store:
        raise WaystationError("The store is a file, or an address that begins with postgresql://.")
    path = Path(store)
    if not makes and not path.exists():
        raise WaystationError("There is no relay in %(path)s. Name its file with --store.", path=path)
    return open_sqlite(path, alone=alone)


def _org(text: str) -> OrgId:
    try:
        org = bytes.fromhex(text)
    except ValueError:
        org = b""
    if len(org) != 32:
        raise WaystationError("An organisation is 64 hexadecimal digits, as `waystation relay list` shows it.")
    return OrgId(org)
