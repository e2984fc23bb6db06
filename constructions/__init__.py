"""Explicit objects behind the lower bounds: spherical codes, cap packings, sign codes, networks, samples."""
