"""Empirical against population weight: deviation over half-spaces, and the closed forms by other routes."""
