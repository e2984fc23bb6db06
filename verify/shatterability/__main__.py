"""``python -m verify.shatterability FILE``: does flatness keep a network from memorising this table?"""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.shatterability.__main__:command", "python -m verify.shatterability")

from boundcalc.command import Command
from verify.command import OPTIONS
from verify.shatterability.command import ShatterSetting, answer

command = Command(
    "shatterability",
    answer,
    [*ShatterSetting.options()[1:], *(OPTIONS[name] for name in ("json", "save", "plot"))],
    help="""Say whether flatness keeps a network from memorising your table, with a proof either way where there is one.

    FILE is text with a header line (.csv, .tsv, .txt, .json, compressed or not), .xlsx, .parquet, .feather, or .npz with X and
    labels. --save writes the interpolating network with its data, --plot draws what is memorisable, margins and depths;
    --checkpoint keeps the hull margins.""",
    example="data.csv --target y --eta 0.5",
    arguments=(OPTIONS["file"],),
)
main = command.run_on
