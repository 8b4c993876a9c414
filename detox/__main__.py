"""`python -m detox`: the ward's verbs for a terminal (docs/command-line.md)."""

import click

from detox.commands.common import Commands


class Main(Commands):
    """The commands and where they stand; each is loaded when it is called."""

    where = {
        "set-up-ward": ("detox.commands.keeping", "set_up_ward"),
        "add-clinician": ("detox.commands.keeping", "add_clinician"),
        "demo": ("detox.commands.keeping", "demo_command"),
        "verify": ("detox.commands.keeping", "verify"),
        "who-saw": ("detox.commands.keeping", "who_saw_command"),
        "import": ("detox.commands.tables", "import_command"),
        "export": ("detox.commands.tables", "export"),
        "replay": ("detox.commands.tables", "replay"),
        "score": ("detox.commands.scoring", "score"),
        "suggest": ("detox.commands.scoring", "suggest"),
        "judge": ("detox.commands.judging", "judge"),
    }


@click.group(cls=Main, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.option("--database", metavar="PATH", help="The database; else DETOX_DATABASE, else data/ward.db of the project.")
@click.pass_context
def main(context: click.Context, database: str | None) -> None:
    """Withdrawal monitoring for a detox ward, from a terminal.

    Exit status: 0 done, 1 done but something in the data was wrong (it is told), 2 the call was wrong.
    """
    context.obj = database


if __name__ == "__main__":
    main(prog_name="detox")
