"""How the error of trained networks falls with the sample size, beside the exponents of the theory."""
