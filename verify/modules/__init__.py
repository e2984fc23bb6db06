"""Sharpness of any torch module and loss, certified from both sides: :func:`verify.certify`."""
