"""Flat networks that memorise: a pair no sample can tell apart, and one neuron per point."""
