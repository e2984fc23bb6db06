"""A page of the results in a store."""
