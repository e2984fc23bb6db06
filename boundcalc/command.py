"""Command lines made from the vocabulary, on click; and the border where errors become one line and an exit code."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from pathlib import Path
from typing import Any, NoReturn

import click
from click.core import ParameterSource

from boundcalc.options import Option

__all__ = ["Command", "CommandGroup", "ExitCode", "summary_of"]

_NUMBER = re.compile(r"-[\d.]")
_SETTINGS = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class ExitCode(IntEnum):
    """Exit codes of every command."""

    FINE = 0
    REFUTED = 1
    USAGE = 2
    UNDECIDED = 3
    INTERRUPTED = 130
    BROKEN_PIPE = 141


def _shown(value: object) -> str | tuple[str, ...] | None:
    """A default as it would be typed."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, (tuple, list)):
        return tuple(str(one) for one in value)
    return str(getattr(value, "value", value))


def _click_option(option: Option) -> click.Option:
    names = [option.flag, *option.aliases, option.name]
    if option.reader.kind == "switch":
        if option.default is True:
            names = [f"{option.flag}/--no-{option.flag[2:]}", option.name]
        return click.Option(names, is_flag=True, default=bool(option.default), help=option.help, show_default=True)
    words = list(option.reader.words)
    return click.Option(
        names,
        type=click.STRING,
        default=_shown(option.default),
        multiple=option.many,
        help=option.help,
        metavar=option.metavar or option.name.upper(),
        show_default=option.default is not None,
        shell_complete=(lambda ctx, param, part: [w for w in words if w.startswith(part)]) if words else None,
    )


class Command(click.Command):
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
        self.positional = tuple(positional)
        self.arguments = tuple(arguments)
        self._renamed = dict(renamed or {})
        self._many = {flag for option in options if option.many for flag in (option.flag, *option.aliases)}
        self._flags = {option.name: option for option in options}
        self._act = act
        parameters: list[click.Parameter] = [
            click.Argument(
                [option.name],
                type=click.STRING,
                nargs=-1 if option.many else 1,
                required=option.required,
                default=None if option.required else _shown(option.default),
                metavar=option.metavar,
            )
            for option in arguments
        ]
        if positional:
            shown = " ".join(f"[{self._flags[name].metavar}]" for name in positional)
            parameters.append(click.Argument(["_positional"], nargs=-1, metavar=shown))
        parameters += [_click_option(option) for option in options]
        required = any(option.required for option in (*options, *arguments))
        super().__init__(
            name,
            params=parameters,
            callback=self._call,
            help=help,
            epilog=f"\b\nExample:\n  boundcalc {name} {example}".rstrip(),
            no_args_is_help=required,
            context_settings=_SETTINGS,
        )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let several values follow one flag, and say what has become of flags of earlier versions."""
        spread: list[str] = []
        flag: str | None = None
        first = False
        for token in args:
            is_value = not token.startswith("-") or bool(_NUMBER.match(token))
            if flag is not None and is_value:
                spread += [token] if first else [flag, token]
                first = False
                continue
            name = token.split("=", 1)[0]
            if name in self._renamed and name not in {f for o in self.declared for f in (o.flag, *o.aliases)}:
                raise click.UsageError(f"{name} {self._renamed[name]}", ctx)
            flag, first = (token, True) if token in self._many else (None, False)
            spread.append(token)
        return super().parse_args(ctx, spread)

    def _call(self, **values: Any) -> int:
        ctx = click.get_current_context()
        for name, value in zip(self.positional, values.pop("_positional", ()), strict=False):
            if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
                raise click.UsageError(f"{self._flags[name].flag} is given twice: {value} and {values[name]}")
            values[name] = value
        for option in self.declared:
            if option.many and values[option.name] == ():
                values[option.name] = None
            if option.required and values[option.name] is None:
                raise click.UsageError(f"{option.flag} is missing: {option.help}")
        return int(self._act(values))

    def invoke(self, ctx: click.Context) -> Any:
        """Refuse more positional values than there are names for."""
        given = ctx.params.get("_positional", ())
        if len(given) > len(self.positional):
            extra = " ".join(given[len(self.positional) :])
            raise click.UsageError(f"unexpected argument {extra!r}; pass options by their flags")
        return super().invoke(ctx)

    def run_on(self, arguments: Sequence[str] | None = None) -> int:
        """Parse, act; the exit code. Errors are raised, as ValueError, TypeError, OSError or click.UsageError."""
        return int(self.main(None if arguments is None else list(arguments), standalone_mode=False) or 0)

    def run(self, program: str) -> NoReturn:
        """Run as a program: errors become one line and an exit code."""
        border(self, program)


class CommandGroup(click.Group):
    """Commands by name, each imported when it is asked for.

    Parameters
    ----------
    commands : mapping of str to str
        Name -> "module:attribute" of a :class:`Command`.
    """

    def __init__(self, commands: Mapping[str, str], *, help: str, version: str) -> None:
        super().__init__(
            help=help,
            context_settings=_SETTINGS,
            no_args_is_help=True,
            params=[click.Option(["--version"], is_flag=True, is_eager=True, expose_value=False, help="Show the version.",
                                 callback=lambda ctx, _, on: _show_version(ctx, version) if on else None)],
        )  # fmt: skip
        self._places = dict(commands)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in order of declaration."""
        return list(self._places)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import one command."""
        name = name if name in self._places else name.replace("_", "-")
        if name not in self._places:
            return None
        module, _, attribute = self._places[name].partition(":")
        try:
            command: click.Command = getattr(importlib.import_module(module), attribute)
        except ModuleNotFoundError as error:
            if (error.name or "").split(".")[0] in ("boundcalc", "constructions", "verify"):
                raise
            raise click.UsageError(
                f"{name} needs {error.name}, which is not installed; pip install 'boundcalc[verify]'", ctx
            ) from error
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing what they need."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary_of(place)) for name, place in self._places.items()])

    def run(self, program: str) -> NoReturn:
        """Run as a program: errors become one line and an exit code."""
        border(self, program)


def _show_version(ctx: click.Context, version: str) -> None:
    click.echo(version)
    ctx.exit()


def summary_of(place: str) -> str:
    """The one line that says what the command at "module:attribute" does, read from the source without running it."""
    module, _, attribute = place.partition(":")
    spec = importlib.util.find_spec(module)
    if spec is None or spec.origin is None:
        return ""
    tree = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Call):
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            if isinstance(target, ast.Name) and target.id == attribute:
                for keyword in node.value.keywords:
                    if keyword.arg == "help" and isinstance(keyword.value, ast.Constant):
                        return str(keyword.value.value).splitlines()[0]
    text = ast.get_docstring(tree) or ""
    line = text.splitlines()[0] if text else ""
    return re.sub(r"^``[^`]*``: ", "", line).rstrip(".")


def border(command: click.Command, program: str) -> NoReturn:
    """Run a command as a program: the one place where errors become a line and an exit code."""
    try:
        code = int(command.main(prog_name=program, standalone_mode=False) or 0)
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx is not None else error.format_message())
        code = ExitCode.USAGE
    except click.ClickException as error:
        ctx = getattr(error, "ctx", None)
        place = ctx.command_path if ctx is not None else program
        print(f"{place}: error: {' '.join(error.format_message().split())}", file=sys.stderr)
        code = ExitCode.USAGE
    except (KeyboardInterrupt, click.Abort):
        print(f"\n{program}: interrupted; nothing was left half-written", file=sys.stderr)
        code = ExitCode.INTERRUPTED
    except BrokenPipeError:  # such as `... | head`; nobody reads on
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = ExitCode.BROKEN_PIPE
    except (ValueError, TypeError, OSError) as error:
        print(f"{program}: error: {' '.join(str(error).split())}", file=sys.stderr)
        code = ExitCode.USAGE
    except ModuleNotFoundError as error:  # imported where it is first needed
        if error.name not in ("torch", "joblib", "tqdm"):
            raise
        print(f"{program}: error: {error.name} is not installed; pip install 'boundcalc[verify]'", file=sys.stderr)
        code = ExitCode.USAGE
    sys.exit(code)
