"""Command lines made from the vocabulary, on click."""

from __future__ import annotations

import ast
import copy
import difflib
import importlib
import importlib.metadata
import importlib.util
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    from boundcalc.options import Option

_NUMBER = re.compile(r"-[\d.]")
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


def _is_flag(token: str) -> bool:
    """Whether a token is an option: neither a value, nor a negative number, nor the lone dash of standard output."""
    return token.startswith("-") and token != "-" and not _NUMBER.match(token)


class _Flag(click.Option):
    """An option whose aliases are accepted, and left out of the help."""

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        shown = copy.copy(self)
        shown.opts = self.opts[:1]
        return super(_Flag, shown).get_help_record(ctx)


def _completion(option: Option) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem | str]] | None:
    """What the shell offers for a value: its words, if there are some."""
    words = option.reader.words
    return (lambda ctx, param, part: [word for word in words if word.startswith(part)]) if words else None


def _click_option(option: Option) -> click.Option:
    names = [option.flag, *option.aliases, option.name]
    if option.reader.kind == "switch":
        if option.default is True:
            names = [f"{option.flag}/--no-{option.flag[2:]}", option.name]
        return _Flag(names, is_flag=True, default=bool(option.default), help=option.help, show_default=True)
    words = option.reader.words
    listed = "" if all(word in option.help for word in words) else f": {', '.join(words)}"
    return _Flag(
        names,
        type=click.Path() if option.reader.kind == "path" else click.STRING,
        default=option.typed_default,
        multiple=option.many,
        help=option.help + listed + ("  [required]" if option.required else ""),
        metavar=(option.metavar or option.name.upper()) + (" ..." if option.many else ""),
        show_default=option.default is not None,
        shell_complete=_completion(option),
    )


def _click_argument(option: Option) -> click.Argument:
    return click.Argument(
        [option.name],
        type=click.Path() if option.reader.kind == "path" else click.STRING,
        nargs=-1 if option.many else 1,
        required=False,  # a missing one is told as a missing option is
        default=None if option.required else option.typed_default,
        metavar=(option.metavar or option.name.upper()) + ("..." if option.many else ""),
        shell_complete=_completion(option),
    )


class Program(click.Command):
    """A command that can be run in this process; :func:`boundcalc.border.run` runs it as a program."""

    def run_on(self, arguments: Sequence[str] | None = None, program: str | None = None) -> int:
        """Parse, act; the exit code. Errors are raised, as ValueError, TypeError, OSError or click.UsageError."""
        # Not click's own `main`, which ends with code 1, that of a refuted claim, where a reader closes the pipe.
        try:
            with self.make_context(program or self.name, list(sys.argv[1:] if arguments is None else arguments)) as ctx:
                return int(self.invoke(ctx) or 0)
        except click.exceptions.Exit as error:
            return error.exit_code

    def place(self, program: str, arguments: Sequence[str]) -> str:
        """What the part of the program is called that these arguments ask for."""
        return program


class Command(Program):
    """A command whose options come from the vocabulary.

    Parameters
    ----------
    name : str
    act : callable
        Takes a mapping from option names to what was typed (defaults included, None where there is neither) and returns the
        exit code. It reads the values itself: a setting's ``parse`` checks them all in one place.
    options : sequence of Option
    help : str
        What the command does; the first line stands in the list of commands.
    example : str
        Arguments of an example, shown at the end of the help.
    arguments : sequence of Option
        Positional arguments that have no option; those with ``many`` take all that is left.
    positional : sequence of str
        Names of options that may also be given without their flag, in this order.
    renamed : mapping of str to str
        Flags that an earlier version had, with what to pass now.
    """

    def __init__(
        self,
        name: str,
        act: Callable[[Mapping[str, Any]], int],
        options: Sequence[Option],
        *,
        help: str,
        example: str,
        arguments: Sequence[Option] = (),
        positional: Sequence[str] = (),
        renamed: Mapping[str, str] | None = None,
    ) -> None:
        self.declared = tuple(options)
        self.arguments = tuple(arguments)
        self.example = example
        self._act = act
        self._flags = {flag: option for option in options for flag in (option.flag, *option.aliases)}
        self._positional = [option for name in positional for option in options if option.name == name]
        self._renamed = {flag: words for flag, words in (renamed or {}).items() if flag not in self._flags}
        super().__init__(
            name,
            params=[*map(_click_argument, arguments), *map(_click_option, options)],
            callback=self._call,
            help=help,
            epilog=f"\b\nExample:\n  boundcalc {name} {example}".rstrip(),
            no_args_is_help=any(option.required for option in (*options, *arguments)),
            context_settings=_SETTINGS,
        )

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Show the options that may stand without their flags, too."""
        options, *arguments = super().collect_usage_pieces(ctx)
        plain = [option.metavar if option.required else f"[{option.metavar}]" for option in self._positional]
        return [options, *plain, *arguments]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Bring what was typed into click's form, one flag before every value; refuse what has a new name.

        Of a flag that stands twice the last one counts, as everywhere; a value by position and by flag is refused.
        """
        if ctx.resilient_parsing or not args:
            ctx.obj = list(args)
            return super().parse_args(ctx, args)
        spread: list[str] = []
        plain: list[str] = []
        given: dict[str, list[str]] = {}
        many: Option | None = None  # the option that further values belong to
        options = [parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option)]
        known = [flag for option in options for flag in (*option.opts, *option.secondary_opts)]
        tokens = iter(args)
        for token in tokens:
            if token == "--":
                plain += tokens
            elif not _is_flag(token):
                if many is None:
                    plain.append(token)
                else:
                    given[many.flag].append(token)
            else:
                flag, equals, value = token.partition("=")
                if flag in self._renamed:
                    raise click.UsageError(f"{flag} {self._renamed[flag]}", ctx)
                if flag not in known:
                    near = ", ".join(difflib.get_close_matches(flag, known))
                    raise click.UsageError(
                        f"{flag} is no option here; {f'nearest: {near}' if near else 'see --help'}", ctx
                    )
                asked = self._flags.get(flag)
                if asked is None or asked.reader.kind == "switch":
                    many = None
                    spread.append(token)
                    continue
                value = value if equals else next(tokens, "--")
                if not equals and (value.startswith("--") or value in known):
                    raise click.UsageError(f"{flag} needs a value: {asked.help}", ctx)
                given[asked.flag] = [value]
                many = asked if asked.many else None
        for asked, value in zip(self._positional, plain, strict=False):
            if asked.flag in given:
                raise click.UsageError(f"{asked.flag} is given twice: {value} and {given[asked.flag][0]}", ctx)
            given[asked.flag] = [value]
        spread += [part for flag, values in given.items() for value in values for part in (flag, value)]
        rest = plain[len(self._positional) :]
        if rest and not self.arguments:
            raise click.UsageError(f"unexpected argument {rest[0]!r}; pass options by their flags", ctx)
        return super().parse_args(ctx, [*spread, "--", *rest])

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer further words of an option that takes several, or the names of options, without their aliases."""
        last = next((token for token in reversed(ctx.obj or ()) if _is_flag(token)), "")
        many = self._flags.get(last)
        if many is not None and many.many and not _is_flag(incomplete):
            return [CompletionItem(word) for word in many.reader.words if word.startswith(incomplete)]
        aliases = {alias for option in self.declared for alias in option.aliases}
        return [item for item in super().shell_complete(ctx, incomplete) if item.value not in aliases]

    def _call(self, **values: Any) -> int:
        called = {option.name: option.flag for option in self.declared}
        called |= {option.name: option.metavar or option.name.upper() for option in self.arguments}
        for option in (*self.arguments, *self.declared):
            if option.many and values[option.name] == ():
                values[option.name] = None
            if option.required and values[option.name] is None:
                raise click.UsageError(f"{called[option.name]} is missing: {option.help}", click.get_current_context())
        try:
            return int(self._act(values))
        except (ValueError, TypeError) as error:  # the library knows names, who types a command line knows flags
            name, space, rest = str(error).partition(" ")
            if name not in called:
                raise
            kind = ValueError if isinstance(error, ValueError) else TypeError
            raise kind(f"{called[name]}{space}{rest}") from error


class CommandGroup(Program, click.Group):
    """Commands by name, each imported when it is asked for.

    Parameters
    ----------
    sections : mapping of str to mapping
        Title of a section of the help -> command's name -> "module:attribute" of a :class:`Command`.
    """

    def __init__(self, sections: Mapping[str, Mapping[str, str]], *, help: str, version: str) -> None:
        super().__init__(
            help=help,
            context_settings=_SETTINGS,
            no_args_is_help=True,
            params=[click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, help="Show the version.",
                                 callback=lambda ctx, _, on: _show_version(ctx, version) if on else None)],
        )  # fmt: skip
        self.sections = {title: dict(places) for title, places in sections.items()}
        self.places = {name: place for places in self.sections.values() for name, place in places.items()}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order of declaration."""
        return list(self.places)

    def place(self, program: str, arguments: Sequence[str]) -> str:
        """The program with the command's name."""
        return f"{program} {arguments[0]}" if arguments and arguments[0] in self.places else program

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        if name in self.places and name not in self.commands:
            module, _, attribute = self.places[name].partition(":")
            self.commands[name] = getattr(importlib.import_module(module), attribute)
        if name not in self.places and not ctx.resilient_parsing and not name.startswith("-"):
            near = ", ".join(difflib.get_close_matches(name, self.places)) or ", ".join(self.places)
            raise click.UsageError(
                f"COMMAND must be one that {ctx.command_path} has, got {name!r}; nearest: {near}", ctx
            )
        return self.commands.get(name)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Offer the names of commands without importing them."""
        if incomplete.startswith("-"):
            return click.Command.shell_complete(self, ctx, incomplete)
        found = [(name, place) for name, place in self.places.items() if name.startswith(incomplete)]
        return [CompletionItem(name, help=summary_of(place)) for name, place in found]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing what they need."""
        for title, places in self.sections.items():
            if places:
                with formatter.section(title):
                    formatter.write_dl([(name, summary_of(place)) for name, place in places.items()])


def _show_version(ctx: click.Context, version: str) -> None:
    click.echo(version)
    ctx.exit()


def added_commands() -> dict[str, str]:
    """The commands that installed packages add: name -> "module:attribute", from the entry points "boundcalc.commands"."""
    return {point.name: point.value for point in importlib.metadata.entry_points(group="boundcalc.commands")}


def summary_of(place: str) -> str:
    """The one line that says what the command at "module:attribute" does, read from the source without running it."""
    module, _, attribute = place.partition(":")
    package, *inner = module.split(".")
    spec = importlib.util.find_spec(package)  # of the package alone: those inside would be imported
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    source = Path(*folders[:1], *inner).with_suffix(".py")
    if not folders or not source.is_file():
        return ""
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == attribute:
            return (ast.get_docstring(node) or "").partition("\n")[0]
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == attribute:
                for keyword in node.value.keywords:
                    if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                        return str(keyword.value.value).splitlines()[0]
    text = ast.get_docstring(tree) or ""
    line = text.splitlines()[0] if text else ""
    return re.sub(r"^``[^`]*``: ", "", line).rstrip(".")
