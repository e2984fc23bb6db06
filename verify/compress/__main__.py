"""``python -m verify.compress MODEL.npz --data TABLE``: fewer neurons, the same outputs on the data, no larger cost."""

if __name__ == "__main__":  # before the imports below, so that an interruption there is one line as well
    from boundcalc import border

    border.run("verify.compress.__main__:command", "python -m verify.compress")

from verify.command import OPTIONS, study_command
from verify.compress.study import CompressSetting, compress_report

command = study_command(
    "compress",
    CompressSetting,
    compress_report,
    help="""Leave out neurons of a two-layer ReLU network: same outputs on the data, no larger cost, certified.

    MODEL is an .npz file with W (K, d), b (K,), v (K,) or (K, outputs) and beta; --data names a table with its points,
    read as boundcalc shatterability reads it; the labels play no part. Of all networks with neurons of the given one
    and its outputs on the data, one of least cost is taken. --save writes it. Away from the data it is another function.""",
    example="network.npz --data data.csv --target y --save smaller.npz",
    save=lambda found: found.network.arrays,
    arguments=(OPTIONS["model"],),
)
main = command.run_on
