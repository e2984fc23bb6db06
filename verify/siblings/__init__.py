"""The papers beside LQWP25, each confronted with an object: the command ``python -m verify.siblings``."""
