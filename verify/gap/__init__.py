"""How sharp a trained network must be, for what it has learned: the command ``python -m verify.gap``."""
