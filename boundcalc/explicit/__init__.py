"""Non-asymptotic bounds with every constant explicit, one family one file."""
