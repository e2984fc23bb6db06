"""Exponents of the constructions' explicit lower bounds, and who overtakes whom."""
